/** The outputs of one cell, as the kernel's messages describe them. */

import type { KernelMessage } from "@jupyterlab/services";

/** What is shown, by MIME type. */
export type Bundle = Record<string, unknown>;

export interface Stream {
  readonly type: "stream";
  readonly name: "stdout" | "stderr";
  text: string;
}

export interface Rich {
  readonly type: "display_data" | "execute_result";
  data: Bundle;
  metadata: Record<string, unknown>;
  readonly executionCount?: number | null;
  readonly displayId?: string;
}

export interface Failure {
  readonly type: "error";
  readonly name: string;
  readonly message: string;
  readonly traceback: readonly string[];
}

export type Output = Stream | Rich | Failure;

/** What happened to an output: it is new, it got more text, or it is different. */
export type Change =
  | { readonly kind: "added" | "replaced"; readonly output: Output }
  | { readonly kind: "extended"; readonly output: Stream; text: string };

/** All changes since the last ones were taken; first everything before is cleared, if it is. */
export interface Changes {
  readonly isCleared: boolean;
  readonly list: readonly Change[];
}

/** Returns text as a terminal shows it in which lines were written over. */
export function overwritten(text: string): string {
  if (!text.includes("\r")) return text;
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  return lines
    .map((line) =>
      line.split("\r").reduce((before, after, index, { length }) =>
        // What follows a last return is not there yet.
        after === "" && index === length - 1 ? `${before}\r` : after + before.slice(after.length),
      ),
    )
    .join("\n");
}

/** Returns the output that a message describes; undefined if it describes none. */
export function toOutput(message: KernelMessage.IMessage): Output | undefined {
  const content = message.content as Record<string, any>;
  switch (message.header.msg_type) {
    case "stream":
      return { type: "stream", name: content.name, text: content.text };
    case "display_data":
    case "execute_result":
      return {
        type: message.header.msg_type,
        data: content.data,
        metadata: content.metadata ?? {},
        executionCount: content.execution_count,
        displayId: content.transient?.display_id,
      };
    case "error":
      return {
        type: "error",
        name: content.ename,
        message: content.evalue,
        traceback: content.traceback ?? [],
      };
    default:
      return undefined;
  }
}

/** The outputs of a cell, and what has changed since they were last shown. */
export class Outputs {
  private shown: Output[];
  private isCleared = false;
  private clearsWithNext = false;
  private changes = new Map<Output, Change>();

  constructor(shown: readonly Output[] = []) {
    this.shown = [...shown];
  }

  get list(): readonly Output[] {
    return this.shown;
  }

  get hasChanged(): boolean {
    return this.isCleared || this.changes.size > 0;
  }

  /** Adds an output; text continues the stream before it. */
  add(output: Output): void {
    if (this.clearsWithNext) this.clear(false);
    const last = this.shown.at(-1);
    if (output.type === "stream" && last?.type === "stream" && last.name === output.name) {
      const line = last.text.lastIndexOf("\n") + 1;
      last.text = last.text.slice(0, line) + overwritten(last.text.slice(line) + output.text);
      const change = this.changes.get(last);
      // A new output is shown with all its text anyway.
      if (!change) this.changes.set(last, { kind: "extended", output: last, text: output.text });
      else if (change.kind === "extended") change.text += output.text;
      return;
    }
    if (output.type === "stream") output.text = overwritten(output.text);
    this.shown.push(output);
    this.changes.set(output, { kind: "added", output });
  }

  /** Removes all outputs, at once or when the next one comes. */
  clear(waits: boolean): void {
    this.clearsWithNext = waits;
    if (waits) return;
    for (const output of this.shown) this.changes.delete(output);
    this.shown = [];
    this.isCleared = true;
  }

  /** Records that an output, of this cell or another, shows something else. */
  replace(output: Output): void {
    if (!this.changes.has(output)) this.changes.set(output, { kind: "replaced", output });
  }

  /** Returns the changes since the last call. */
  take(): Changes {
    const changes = { isCleared: this.isCleared, list: [...this.changes.values()] };
    this.isCleared = false;
    this.changes = new Map();
    return changes;
  }
}
