/** Reports to the Jupyter server when a person was last active in this window, and which jobs run. */

import * as fs from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";

const BEAT = 15_000; // milliseconds
// Programs write to documents of these kinds while nobody is there.
const UNWRITTEN_BY_HAND = new Set(["output", "debug", "vscode-terminal"]);

const JOBS = ["terminal", "task", "debugger", "notebook"] as const;
type Job = (typeof JOBS)[number];

/** The state of one window, and the file that reports it. */
class Reporter implements vscode.Disposable {
  private person = 0;
  private isAsking = false;
  private readonly running: Record<Job, Set<unknown>> = {
    terminal: new Set(),
    task: new Set(),
    debugger: new Set(),
    notebook: new Set(),
  };
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  /** Records that a person did something in this window. */
  recordPerson(time = Date.now()): void {
    if (time - this.person > 1000) {
      this.person = time;
      this.write();
    }
  }

  /** Records that a job began or ended. */
  recordJob(kind: Job, job: unknown, isRunning: boolean): void {
    if (isRunning) this.running[kind].add(job);
    else this.running[kind].delete(job);
    this.write();
  }

  /** Reports that the window is open, and that a person is there if the browser confirms it. */
  async beat(): Promise<void> {
    this.write();
    // A browser that has vanished cannot report that its window is inactive. So only an answer from
    // the browser counts, and `setContext` is the smallest request.
    if (!vscode.window.state.active || this.isAsking) return;
    this.isAsking = true;
    const asked = Date.now();
    try {
      await vscode.commands.executeCommand("setContext", "jupyterCodeserver.isHere", true);
      if (vscode.window.state.active) this.recordPerson(asked);
    } finally {
      this.isAsking = false;
    }
  }

  private write(): void {
    const jobs = JOBS.filter((kind) => this.running[kind].size > 0);
    const report = { person: this.person || null, beat: Date.now(), jobs };
    try {
      fs.writeFileSync(`${this.file}.new`, JSON.stringify(report));
      fs.renameSync(`${this.file}.new`, this.file);
    } catch (error) {
      console.error(`Jupyter cannot be told of activity: ${(error as Error).message}`);
    }
  }

  dispose(): void {
    fs.rmSync(this.file, { force: true });
  }
}

function isByHand(document: vscode.TextDocument): boolean {
  return !UNWRITTEN_BY_HAND.has(document.uri.scheme);
}

/** Watches for a person: by the window's state, and by events that it ignores, such as scrolling. */
function watchPerson(reporter: Reporter): vscode.Disposable[] {
  const { window, workspace } = vscode;
  const recordIf = (isPerson: boolean) => {
    if (isPerson) reporter.recordPerson();
  };
  return [
    window.onDidChangeWindowState((state) => recordIf(state.active)),
    window.onDidChangeTextEditorVisibleRanges((event) =>
      recordIf(window.state.focused && isByHand(event.textEditor.document)),
    ),
    window.onDidChangeNotebookEditorVisibleRanges(() => recordIf(window.state.focused)),
    window.onDidChangeTextEditorSelection((event) => recordIf(event.kind !== undefined)),
    window.onDidChangeActiveTextEditor(() => recordIf(window.state.focused)),
    // A file that was reloaded because a program wrote it is not dirty.
    workspace.onDidChangeTextDocument((event) =>
      recordIf(
        event.contentChanges.length > 0 && event.document.isDirty && isByHand(event.document),
      ),
    ),
  ];
}

/** Watches for jobs, which run without a person. */
function watchJobs(reporter: Reporter): vscode.Disposable[] {
  const { debug, tasks, window, workspace } = vscode;
  for (const execution of tasks.taskExecutions) reporter.recordJob("task", execution, true);
  return [
    window.onDidStartTerminalShellExecution((event) =>
      reporter.recordJob("terminal", event.terminal, true),
    ),
    window.onDidEndTerminalShellExecution((event) =>
      reporter.recordJob("terminal", event.terminal, false),
    ),
    // A job ends with its terminal, but no event says so.
    window.onDidCloseTerminal((terminal) => reporter.recordJob("terminal", terminal, false)),
    tasks.onDidStartTask((event) => reporter.recordJob("task", event.execution, true)),
    tasks.onDidEndTask((event) => reporter.recordJob("task", event.execution, false)),
    debug.onDidStartDebugSession((session) => reporter.recordJob("debugger", session.id, true)),
    debug.onDidTerminateDebugSession((session) =>
      reporter.recordJob("debugger", session.id, false),
    ),
    workspace.onDidChangeNotebookDocument((event) => {
      for (const { cell, executionSummary: summary } of event.cellChanges) {
        if (summary === undefined) continue;
        // A running cell has its number, and no result yet.
        const isRunning = summary.executionOrder !== undefined && summary.success === undefined;
        reporter.recordJob("notebook", cell.document.uri.toString(), isRunning);
      }
    }),
    workspace.onDidCloseTextDocument((document) =>
      reporter.recordJob("notebook", document.uri.toString(), false),
    ),
  ];
}

/** Reports this window's activity in `folder`, until the window is closed. */
export function watch(context: vscode.ExtensionContext, folder: string): void {
  const reporter = new Reporter(path.join(folder, `${process.pid}.json`));
  const beat = setInterval(() => void reporter.beat(), BEAT);
  context.subscriptions.push(
    { dispose: () => clearInterval(beat) },
    ...watchPerson(reporter),
    ...watchJobs(reporter),
    reporter,
  );
  void reporter.beat();
}
