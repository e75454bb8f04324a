/** One notebook and its kernel: the session on the Jupyter server, and the cells that run. */

import { randomUUID } from "node:crypto";
import type { Kernel, KernelMessage, ServerConnection, Session } from "@jupyterlab/services";
import { KernelConnection } from "@jupyterlab/services/lib/kernel/default";
import { getKernelModel, restartKernel } from "@jupyterlab/services/lib/kernel/restapi";
import { startSession, updateSession } from "@jupyterlab/services/lib/session/restapi";
import * as vscode from "vscode";

import { Cells, type CellRun } from "./cells.ts";
import type { Comms, Published } from "./comms.ts";
import { Inputs } from "./input.ts";
import { executeRequest } from "./request.ts";
import { Run, Runs } from "./runs.ts";
import { claim, find, save, SavedFile, type CellAddress } from "./saved.ts";
import type { Widgets } from "./widgets.ts";

const SAVE_AFTER = 250; // milliseconds
// After its answer to a later request, a kernel may still be sending what belongs to an earlier one.
const STRAGGLING = 2000; // milliseconds

/** What a session needs around it. */
export interface Host {
  readonly settings: ServerConnection.ISettings;
  /** The folder for runs that outlive their window. */
  readonly folder: string;
  readonly widgets: Widgets;
  controller(kernelName: string): vscode.NotebookController;
  /** Shows in VS Code which kernel the session has. */
  select(session: NotebookSession): Promise<void>;
  /** The kernel's state has changed. */
  changed(session: NotebookSession): void;
  /** The kernel was restarted without being asked, or has ended; its variables are lost. */
  lost(session: NotebookSession, how: "restarted" | "ended"): void;
  /** The kernel was asked to run cells, which changes the notebook. */
  asked(session: NotebookSession): void;
  failed(session: NotebookSession, error: Error): void;
}

function addressOf(cell: vscode.NotebookCell): CellAddress {
  return { id: cell.metadata.id, index: cell.index };
}

export class NotebookSession implements vscode.Disposable {
  readonly notebook: vscode.NotebookDocument;
  kernel?: Kernel.IKernelConnection;
  /** The name of the kernel's specification. */
  kernelName: string;
  private readonly path: string;
  private readonly host: Host;
  private readonly cells: Cells;
  private readonly runs: Runs<vscode.NotebookCell>;
  private readonly inputs = new Inputs();
  private comms?: Comms;
  private model?: Session.IModel;
  private saving?: NodeJS.Timeout;
  private hasAnswered = false;
  private isDisposed = false;
  private isOpen = false;
  private queue: Promise<void> = Promise.resolve();

  constructor(notebook: vscode.NotebookDocument, path: string, kernelName: string, host: Host) {
    this.notebook = notebook;
    this.path = path;
    this.kernelName = kernelName;
    this.host = host;
    this.cells = new Cells(() => host.controller(this.kernelName));
    this.runs = new Runs<vscode.NotebookCell>({
      started: (run) => this.show(() => this.cells.start(run)),
      changed: (run) => this.show(() => this.cells.update(run)),
      ended: (run) => {
        this.inputs.close(run);
        this.show(() => this.cells.end(run));
      },
      asked: (run, message) => void this.ask(run, message),
    });
  }

  /** Whether cells run or wait to. */
  get isRunning(): boolean {
    return this.runs.active.length > 0;
  }

  /** Joins the notebook's session on the server, or starts one. */
  start(): void {
    this.enqueue(() => this.open());
  }

  /** Runs cells after all that were asked for before. */
  run(cells: readonly vscode.NotebookCell[]): void {
    const runs = cells.map((cell) => new Run(randomUUID(), cell));
    for (const run of runs) {
      this.cells.expect(run);
      this.runs.add(run);
    }
    this.enqueue(async () => {
      try {
        await this.revive(runs);
        for (const run of runs) this.send(run);
        this.host.asked(this);
      } catch (error) {
        this.runs.abandon(runs);
        throw error;
      }
    });
  }

  async interrupt(): Promise<void> {
    await this.kernel?.interrupt();
  }

  /** Restarts the kernel, or starts it again if it has ended. */
  restart(): void {
    this.runs.abandon();
    this.enqueue(async () => {
      this.hasAnswered = false;
      if (this.kernel) await this.kernel.restart();
      else await this.open();
    });
  }

  /** Ends the kernel and starts another for this notebook. */
  change(kernelName: string): void {
    // While it opens, VS Code may still show the choice of an earlier window.
    if (!this.isOpen || kernelName === this.kernelName) return;
    this.kernelName = kernelName;
    this.runs.abandon();
    this.enqueue(async () => {
      this.disconnect();
      const kernel = { name: kernelName } as Kernel.IModel;
      this.model = await updateSession({ id: this.model!.id, kernel }, this.host.settings);
      await this.connect();
    });
  }

  /** Tells the server that the notebook is elsewhere now. */
  async move(path: string): Promise<void> {
    if (this.model) await updateSession({ id: this.model.id, path }, this.host.settings);
  }

  /** Leaves the kernel; it goes on without this window. */
  dispose(): void {
    this.isDisposed = true;
    this.save();
    this.disconnect();
  }

  private async open(): Promise<void> {
    const { path, kernelName, host } = this;
    const request = { path, name: "", type: "notebook", kernel: { name: kernelName } };
    this.model = await startSession(request, host.settings);
    const kernel = this.model.kernel!;
    if (kernel.execution_state === "dead") await restartKernel(kernel.id, host.settings);
    // A session that was there keeps its kernel, whatever the notebook's file says.
    this.kernelName = kernel.name;
    await host.select(this);
    this.isOpen = true;
    await this.connect();
  }

  /** Connects to the session's kernel; cells that still run there are shown again. */
  private async connect(): Promise<void> {
    const model = this.model!.kernel!;
    const saved = await claim(this.file, model.id);
    if (this.isDisposed) return;
    this.kernel = new KernelConnection({
      model,
      serverSettings: this.host.settings,
      clientId: saved?.clientId ?? randomUUID(),
      // Otherwise it closes the comms of widgets that another window shows.
      handleComms: false,
    });
    this.comms = this.host.widgets.connect(this.notebook, this.kernel);
    this.hasAnswered = false;
    this.kernel.anyMessage.connect((_, { msg, direction }) => {
      if (direction === "recv") this.receive(msg);
    });
    this.kernel.statusChanged.connect((kernel, status) => {
      if (kernel === this.kernel) this.follow(status);
    });
    const resumed = [];
    for (const { cell: address, messageId, outputs, ...times } of saved?.runs ?? []) {
      const cell = find(this.notebook.getCells(), addressOf, address);
      if (!cell) continue;
      const run = Object.assign(new Run(messageId, cell, outputs), times);
      resumed.push(run);
      this.runs.add(run);
      this.show(() => this.cells.resume(run));
    }
    if (resumed.length > 0) void this.settle(this.kernel, resumed);
    this.host.changed(this);
  }

  private get file(): SavedFile {
    return new SavedFile(this.host.folder, this.model!.id);
  }

  private disconnect(): void {
    const { kernel } = this;
    this.kernel = undefined;
    this.host.widgets.disconnect(this.notebook);
    kernel?.dispose();
  }

  private enqueue(task: () => Promise<void>): void {
    this.queue = this.queue.then(task).catch((error) => this.host.failed(this, error));
  }

  private send(run: CellRun): void {
    const code = run.cell.document.getText();
    if (code.trim() === "") {
      run.startTime = Date.now();
      this.cells.start(run);
      this.runs.abandon([run]);
      return;
    }
    const kernel = this.kernel!;
    const { messageId, cell } = run;
    const message = executeRequest(messageId, kernel.clientId, code, cell.metadata.id);
    // Its messages are routed by their parent, so that those of an earlier window are as well.
    kernel.sendShellMessage(message, true).done.catch(() => undefined);
  }

  private receive(message: KernelMessage.IMessage): void {
    const { msg_type } = message.header;
    if (msg_type === "kernel_info_reply") this.hasAnswered = true;
    // Another window has restarted the kernel.
    const isStarting =
      msg_type === "status" && (message.content as any).execution_state === "starting";
    if (isStarting && this.hasAnswered) this.runs.abandon();
    // What an Output widget shows is not shown below the cell.
    if (!this.comms?.receive(message as Published)) this.runs.receive(message);
  }

  private follow(status: KernelMessage.Status): void {
    if (status === "autorestarting" || status === "dead") {
      this.hasAnswered = false;
      this.runs.abandon();
      if (status === "dead") this.kernel = undefined;
      this.host.lost(this, status === "dead" ? "ended" : "restarted");
    }
    this.host.changed(this);
  }

  /** Starts a kernel for these runs if there is none any more: Jupyter does not tell when one is shut
   * down. */
  private async revive(runs: readonly CellRun[]): Promise<void> {
    const { kernel } = this;
    if (kernel && (await getKernelModel(kernel.id, this.host.settings))) {
      if (kernel.connectionStatus === "disconnected") await kernel.reconnect();
      return;
    }
    this.disconnect();
    this.runs.abandon(this.runs.active.filter((run) => !runs.includes(run)));
    await this.open();
    if (kernel) this.host.lost(this, "restarted");
  }

  /** Ends runs of an earlier window that have ended unseen. */
  private async settle(kernel: Kernel.IKernelConnection, resumed: readonly CellRun[]) {
    // A kernel answers in order, so it is done with them when it answers this connection's request.
    await kernel.info.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, STRAGGLING));
    this.runs.abandon(this.runs.active.filter((run) => resumed.includes(run)));
  }

  private async ask(run: CellRun, message: KernelMessage.IInputRequestMsg): Promise<void> {
    const { prompt, password } = message.content;
    const value = await this.inputs.ask(run, prompt, password);
    if (!this.kernel || !this.runs.active.includes(run)) return;
    if (value === undefined) {
      await this.interrupt();
      return;
    }
    this.kernel.sendInputReply({ status: "ok", value }, message.header);
    this.runs.echo(run, `${prompt}${password ? "········" : value}\n`);
  }

  private show(change: () => void): void {
    if (this.isDisposed) return;
    change();
    this.saving ??= setTimeout(() => this.save(), SAVE_AFTER);
  }

  private save(): void {
    clearTimeout(this.saving);
    this.saving = undefined;
    if (!this.model || !this.kernel) return;
    this.file.write({
      process: process.pid,
      clientId: this.kernel.clientId,
      kernelId: this.kernel.id,
      runs: this.runs.active.map((run) => save(run, addressOf(run.cell))),
    });
  }
}
