// Reports to the Jupyter server when a person was last active in this window and which jobs run;
// and opens notebooks in JupyterLab.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const jupyterlab = require("./jupyterlab");

const FOLDER = process.env.JUPYTER_CODESERVER_REPORTS;
const UNWRITABLE = process.env.JUPYTER_CODESERVER_UNWRITABLE;
const BEAT = 15_000; // milliseconds
// Programs write to documents of these kinds while nobody is there.
const UNWRITTEN_BY_HAND = new Set(["output", "debug", "vscode-terminal"]);

/** The state of one window, and the file that reports it. */
class Reporter {
  constructor(file) {
    this.file = file;
    this.person = 0;
    this.isAsking = false;
    this.running = {
      terminal: new Set(),
      task: new Set(),
      debugger: new Set(),
      notebook: new Set(),
    };
  }

  /** Records that a person did something in this window. */
  recordPerson(time = Date.now()) {
    if (time - this.person > 1000) {
      this.person = time;
      this.write();
    }
  }

  /** Records that a job began or ended. */
  recordJob(kind, job, isRunning) {
    isRunning ? this.running[kind].add(job) : this.running[kind].delete(job);
    this.write();
  }

  /** Reports that the window is open, and that a person is there if the browser confirms it. */
  async beat() {
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

  write() {
    const jobs = Object.keys(this.running).filter((kind) => this.running[kind].size > 0);
    const report = { person: this.person || null, beat: Date.now(), jobs };
    try {
      fs.writeFileSync(`${this.file}.new`, JSON.stringify(report));
      fs.renameSync(`${this.file}.new`, this.file);
    } catch (error) {
      console.error(`Jupyter cannot be told of activity: ${error.message}`);
    }
  }

  dispose() {
    fs.rmSync(this.file, { force: true });
  }
}

function isByHand(document) {
  return !UNWRITTEN_BY_HAND.has(document.uri.scheme);
}

/** Watches for a person: by the window's state, and by events that it ignores, such as scrolling. */
function watchPerson(reporter) {
  const { window, workspace } = vscode;
  const recordIf = (isPerson) => isPerson && reporter.recordPerson();
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
      recordIf(event.contentChanges.length > 0 && event.document.isDirty && isByHand(event.document)),
    ),
  ];
}

/** Watches for jobs, which run without a person. */
function watchJobs(reporter) {
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
    debug.onDidTerminateDebugSession((session) => reporter.recordJob("debugger", session.id, false)),
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

/** Warns with an error, which stays on the screen until its button is clicked. */
function warnOfLoss() {
  vscode.window.showErrorMessage(
    vscode.l10n.t(
      "{0} cannot be written. Files that you save in other folders are kept; settings, extensions and text in no file are lost when VS Code stops. Tell your instructor.",
      UNWRITABLE,
    ),
    vscode.l10n.t("I see"),
  );
}

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand("jupyterCodeserver.openInJupyterLab", (notebook) =>
      jupyterlab.open(context.extension.id, notebook),
    ),
  );
  if (UNWRITABLE) warnOfLoss();
  if (!FOLDER) return; // not started by Jupyter
  const reporter = new Reporter(path.join(FOLDER, `${process.pid}.json`));
  const beat = setInterval(() => reporter.beat(), BEAT);
  context.subscriptions.push(
    { dispose: () => clearInterval(beat) },
    ...watchPerson(reporter),
    ...watchJobs(reporter),
    reporter,
  );
  reporter.beat();
};
