/** The runs of cells that a kernel was asked for: each message goes to the run that caused it. */

import type { KernelMessage } from "@jupyterlab/services";

import { Outputs, toOutput, type Output, type Rich } from "./outputs.ts";

/** One request to run a cell, and what the kernel has answered to it. */
export class Run<Cell> {
  readonly messageId: string;
  readonly cell: Cell;
  readonly outputs: Outputs;
  /** When the kernel began, in milliseconds; undefined: it has not. */
  startTime?: number;
  endTime?: number;
  executionOrder?: number;
  /** Whether the cell ran to its end; undefined: it was not run, or nobody knows. */
  success?: boolean;
  private isReplied = false;
  private isIdle = false;

  constructor(messageId: string, cell: Cell, outputs: readonly Output[] = []) {
    this.messageId = messageId;
    this.cell = cell;
    this.outputs = new Outputs(outputs);
  }

  /** Whether the kernel has answered all that it will, and sent all outputs. */
  get isComplete(): boolean {
    return this.isReplied && this.isIdle;
  }

  reply(status: string): void {
    this.isReplied = true;
    this.success = status === "ok" ? true : status === "error" ? false : undefined;
  }

  idle(): void {
    this.isIdle = true;
  }
}

/** What follows from messages. */
export interface Listener<Cell> {
  /** The kernel began, or told the number of this run. */
  started(run: Run<Cell>): void;
  /** The outputs have changed. After the end this may happen too, by a thread of the program. */
  changed(run: Run<Cell>): void;
  ended(run: Run<Cell>): void;
  /** The program wants a line from the person. */
  asked(run: Run<Cell>, message: KernelMessage.IInputRequestMsg): void;
}

export class Runs<Cell> {
  private readonly running = new Map<string, Run<Cell>>();
  /** The last run of each cell that has ended. */
  private readonly ended = new Map<Cell, Run<Cell>>();
  private readonly displays = new Map<string, { run: Run<Cell>; output: Rich }[]>();
  private readonly listener: Listener<Cell>;

  constructor(listener: Listener<Cell>) {
    this.listener = listener;
  }

  get active(): readonly Run<Cell>[] {
    return [...this.running.values()];
  }

  add(run: Run<Cell>): void {
    this.ended.get(run.cell)?.outputs.clear(false);
    this.ended.delete(run.cell);
    this.running.set(run.messageId, run);
    for (const output of run.outputs.list) this.register(run, output);
  }

  /** Ends runs of which the kernel will tell nothing more. */
  abandon(runs: readonly Run<Cell>[] = this.active): void {
    for (const run of runs) this.end(run);
  }

  /** Adds to a run's outputs what the person typed. */
  echo(run: Run<Cell>, text: string): void {
    run.outputs.add({ type: "stream", name: "stdout", text });
    this.listener.changed(run);
  }

  receive(message: KernelMessage.IMessage): void {
    const parent = (message.parent_header as { msg_id?: string }).msg_id;
    if (parent === undefined) return;
    const run = this.running.get(parent) ?? this.late(parent);
    if (run) this.route(message, run);
    if (run?.isComplete && this.running.has(parent)) this.end(run);
  }

  private late(parent: string): Run<Cell> | undefined {
    for (const run of this.ended.values()) if (run.messageId === parent) return run;
    return undefined;
  }

  private end(run: Run<Cell>): void {
    this.running.delete(run.messageId);
    this.ended.set(run.cell, run);
    run.endTime = Date.now();
    this.listener.ended(run);
  }

  private route(message: KernelMessage.IMessage, run: Run<Cell>): void {
    const content = message.content as Record<string, any>;
    switch (message.header.msg_type) {
      case "status":
        // A kernel is busy as well with a request that it aborts.
        if (content.execution_state === "idle") run.idle();
        break;
      case "execute_input":
        run.executionOrder = content.execution_count;
        this.start(run);
        break;
      case "execute_reply":
        run.reply(content.status);
        break;
      case "input_request":
        this.listener.asked(run, message as KernelMessage.IInputRequestMsg);
        break;
      case "clear_output":
        run.outputs.clear(content.wait);
        this.listener.changed(run);
        break;
      case "update_display_data":
        this.update(message, run);
        break;
      default:
        this.show(message, run);
    }
  }

  private start(run: Run<Cell>): void {
    if (run.endTime !== undefined) return;
    run.startTime ??= Date.now();
    this.listener.started(run);
  }

  private show(message: KernelMessage.IMessage, run: Run<Cell>): void {
    const output = toOutput(message);
    if (!output) return;
    if (run.startTime === undefined) this.start(run);
    this.update(message, run);
    this.register(run, output);
    run.outputs.add(output);
    this.listener.changed(run);
  }

  private register(run: Run<Cell>, output: Output): void {
    if (!("displayId" in output) || !output.displayId) return;
    const others = this.displayed(output.displayId);
    this.displays.set(output.displayId, [...others, { run, output }]);
  }

  /** Returns the outputs of a display id that are still there. */
  private displayed(displayId: string): { run: Run<Cell>; output: Rich }[] {
    const known = this.displays.get(displayId) ?? [];
    return known.filter(({ run, output }) => run.outputs.list.includes(output));
  }

  /** Changes all outputs with the message's display id, of other cells as well. */
  private update(message: KernelMessage.IMessage, run: Run<Cell>): void {
    const { data, metadata, transient } = message.content as Record<string, any>;
    if (!transient?.display_id) return;
    for (const { output } of this.displayed(transient.display_id)) {
      output.data = data;
      output.metadata = metadata ?? {};
      run.outputs.replace(output);
      this.listener.changed(run);
    }
  }
}
