/** What is kept on the server of the cells that run, so that a later window can show their outputs. */

import * as fs from "node:fs";
import * as path from "node:path";

import type { Output } from "./outputs.ts";
import type { Run } from "./runs.ts";

// Longer outputs are only in the notebook, or in its backup.
const LONGEST = 200_000; // characters

export interface SavedRun {
  readonly messageId: string;
  readonly cell: CellAddress;
  readonly startTime?: number;
  readonly executionOrder?: number;
  readonly outputs: readonly Output[];
}

/** The runs that a window knew, and as whom it spoke to the kernel. */
export interface Saved {
  readonly process: number;
  readonly clientId: string;
  readonly kernelId: string;
  readonly runs: readonly SavedRun[];
}

/** How to find a cell again: by its id, or by its position if the notebook is of a format without. */
export interface CellAddress {
  readonly id?: string;
  readonly index: number;
}

/** Returns a run as it is saved. */
export function save<Cell>(run: Run<Cell>, cell: CellAddress): SavedRun {
  const { messageId, startTime, executionOrder } = run;
  const outputs = run.outputs.list;
  // A long stream is known without writing all of it, four times a second.
  const hasLongStream = outputs.some(
    (output) => output.type === "stream" && output.text.length >= LONGEST,
  );
  const isShort = !hasLongStream && JSON.stringify(outputs).length < LONGEST;
  return { messageId, cell, startTime, executionOrder, outputs: isShort ? outputs : [] };
}

/** Returns the cell with this address. */
export function find<Cell>(
  cells: readonly Cell[],
  addressOf: (cell: Cell) => CellAddress,
  wanted: CellAddress,
): Cell | undefined {
  const found = cells.find((cell) => wanted.id !== undefined && addressOf(cell).id === wanted.id);
  return found ?? (wanted.id === undefined ? cells[wanted.index] : undefined);
}

const PREDECESSOR_ENDS = 3000; // milliseconds

function isAlive(processId: number): boolean {
  try {
    return processId !== process.pid && process.kill(processId, 0);
  } catch {
    return false;
  }
}

/** Returns what was saved for this kernel, once the process that saved it has ended; undefined if it
 * goes on, as that of another window does. */
export async function claim(file: SavedFile, kernelId: string): Promise<Saved | undefined> {
  const deadline = Date.now() + PREDECESSOR_ENDS;
  for (;;) {
    const saved = file.read();
    if (saved?.kernelId !== kernelId) return undefined;
    if (!isAlive(saved.process)) return saved;
    if (Date.now() > deadline) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The file for one session of the Jupyter server, which exists while cells run. */
export class SavedFile {
  private readonly file: string;

  constructor(folder: string, sessionId: string) {
    this.file = path.join(folder, `${sessionId}.json`);
  }

  read(): Saved | undefined {
    try {
      return JSON.parse(fs.readFileSync(this.file, "utf8")) as Saved;
    } catch {
      return undefined; // no cell ran, or it was never written to the end
    }
  }

  /** Writes what is to be kept; without runs the file is removed. */
  write(saved: Saved): void {
    try {
      if (saved.runs.length === 0) fs.rmSync(this.file, { force: true });
      else {
        fs.mkdirSync(path.dirname(this.file), { recursive: true });
        fs.writeFileSync(`${this.file}.new`, JSON.stringify(saved), { mode: 0o600 });
        fs.renameSync(`${this.file}.new`, this.file);
      }
    } catch (error) {
      console.error(`running cells cannot be saved: ${(error as Error).message}`);
    }
  }
}
