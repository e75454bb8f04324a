/** Shows runs in the cells of a notebook. */

import * as vscode from "vscode";

import { toItems } from "./mime.ts";
import type { Change, Output } from "./outputs.ts";
import type { Run } from "./runs.ts";

const { NotebookCellOutput, NotebookCellOutputItem } = vscode;

// VS Code draws in such steps, however fast a program writes.
const STEP = 50; // milliseconds

export type CellRun = Run<vscode.NotebookCell>;

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function itemsOf(output: Output): vscode.NotebookCellOutputItem[] {
  switch (output.type) {
    case "stream":
      return [NotebookCellOutputItem[output.name](output.text)];
    case "error": {
      const { name, message, traceback } = output;
      return [NotebookCellOutputItem.error({ name, message, stack: traceback.join("\n") })];
    }
    default:
      return toItems(output.data).map(({ data, mime }) => new NotebookCellOutputItem(data, mime));
  }
}

/** Returns what VS Code's notebook serializer needs to write the output as Jupyter does. */
function metadataOf(output: Output): Record<string, unknown> {
  const outputType = output.type;
  switch (output.type) {
    case "stream":
      return { outputType };
    case "error": {
      const { name, message, traceback } = output;
      const originalError = { output_type: outputType, ename: name, evalue: message, traceback };
      return { outputType, originalError };
    }
    default:
      return { outputType, executionCount: output.executionCount, metadata: output.metadata };
  }
}

/** The cells of one notebook whose runs are shown. */
export class Cells {
  private readonly executions = new Map<CellRun, vscode.NotebookCellExecution>();
  private readonly started = new WeakSet<CellRun>();
  private readonly flushing = new Set<CellRun>();
  private readonly shown = new WeakMap<Output, vscode.NotebookCellOutput>();
  private readonly controller: () => vscode.NotebookController;

  constructor(controller: () => vscode.NotebookController) {
    this.controller = controller;
  }

  /** Shows that a cell will run. */
  expect(run: CellRun): void {
    if (run.cell.index < 0) return; // it was deleted
    for (const other of this.executions.keys()) if (other.cell === run.cell) this.end(other);
    this.executions.set(run, this.controller().createNotebookCellExecution(run.cell));
  }

  /** Shows that a cell runs. */
  start(run: CellRun): void {
    const execution = this.executions.get(run);
    if (!execution) return;
    if (!this.started.has(run)) {
      this.started.add(run);
      execution.start(run.startTime);
      void execution.clearOutput();
    }
    execution.executionOrder = run.executionOrder;
  }

  /** Shows a cell that already ran when the window was opened. */
  resume(run: CellRun): void {
    this.expect(run);
    const execution = this.executions.get(run);
    if (!execution || run.startTime === undefined) return;
    this.started.add(run);
    execution.start(run.startTime);
    execution.executionOrder = run.executionOrder;
    // A backup of the notebook may be older than what was known of the outputs.
    if (run.outputs.list.length > 0)
      void execution.replaceOutput(run.outputs.list.map((output) => this.create(output)));
  }

  /** Shows changed outputs soon. */
  update(run: CellRun): void {
    if (!this.flushing.has(run)) void this.flush(run);
  }

  end(run: CellRun): void {
    const execution = this.executions.get(run);
    this.executions.delete(run);
    if (!execution) return;
    void this.write(run, execution);
    execution.end(run.success, run.startTime === undefined ? undefined : run.endTime);
  }

  private async flush(run: CellRun): Promise<void> {
    this.flushing.add(run);
    while (run.outputs.hasChanged) {
      const execution = this.executions.get(run);
      // If VS Code is slow, the changes of the meantime become one.
      if (execution) await Promise.allSettled([this.write(run, execution), wait(STEP)]);
      else await this.writeLate(run);
    }
    this.flushing.delete(run);
  }

  /** Shows what a program writes after its cell has ended, by a thread for instance. */
  private async writeLate(run: CellRun): Promise<void> {
    const isRunning = [...this.executions.keys()].some(({ cell }) => cell === run.cell);
    if (isRunning || run.cell.index < 0) {
      run.outputs.take();
      return;
    }
    this.expect(run);
    const execution = this.executions.get(run)!;
    execution.start(run.startTime);
    execution.executionOrder = run.executionOrder;
    // VS Code's serializer would lose the number of a cell that starts and ends at once.
    await Promise.allSettled([this.write(run, execution), wait(STEP)]);
    this.end(run);
  }

  private async write(run: CellRun, execution: vscode.NotebookCellExecution): Promise<void> {
    const { isCleared, list } = run.outputs.take();
    const added = list.filter(({ kind }) => kind === "added").map(({ output }) => output);
    const rest = list.filter(({ kind }) => kind !== "added");
    const created = added.map((output) => this.create(output));
    const written: Thenable<void>[] = rest.map((change) => this.change(execution, change));
    if (isCleared) written.push(execution.replaceOutput(created));
    else if (created.length > 0) written.push(execution.appendOutput(created));
    await Promise.all(written);
  }

  private create(output: Output): vscode.NotebookCellOutput {
    const created = new NotebookCellOutput(itemsOf(output), metadataOf(output));
    this.shown.set(output, created);
    return created;
  }

  private async change(execution: vscode.NotebookCellExecution, change: Change): Promise<void> {
    const shown = this.shown.get(change.output);
    if (!shown) return;
    if (change.kind === "extended") {
      const item = NotebookCellOutputItem[change.output.name](change.text);
      await execution.appendOutputItems(item, shown);
    } else await execution.replaceOutputItems(itemsOf(change.output), shown);
  }
}
