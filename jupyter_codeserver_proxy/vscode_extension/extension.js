// Reports, for the Jupyter server to read, when a person was last in this window and what runs;
// and leads back to JupyterLab.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const jupyterlab = require("./jupyterlab");

const FOLDER = process.env.JUPYTER_CODESERVER_REPORTS;
const UNWRITABLE = process.env.JUPYTER_CODESERVER_UNWRITABLE;
const BEAT = 15_000; // milliseconds
// Documents that programs write while nobody is there.
const UNWRITTEN_BY_HAND = new Set(["output", "debug", "vscode-terminal"]);

/** What is known of one window, and the file that tells it. */
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

  /** Somebody did something in this window. */
  see(time = Date.now()) {
    if (time - this.person > 1000) {
      this.person = time;
      this.write();
    }
  }

  /** Something has begun to run, or has ended. */
  run(kind, job, isRunning) {
    isRunning ? this.running[kind].add(job) : this.running[kind].delete(job);
    this.write();
  }

  /** Says that it is still here, and a person too if the browser confirms that. */
  async beat() {
    this.write();
    // A browser that has vanished cannot say that its window is no longer active: only an answer
    // of its own counts. `setContext` is the smallest thing that it does for us.
    if (!vscode.window.state.active || this.isAsking) return;
    this.isAsking = true;
    const asked = Date.now();
    try {
      await vscode.commands.executeCommand("setContext", "jupyterCodeserver.isHere", true);
      if (vscode.window.state.active) this.see(asked);
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

/** A person: the window's own word, and what it does not count, such as a mouse wheel. */
function watchPerson(reporter) {
  const { window, workspace } = vscode;
  const seeIf = (isPerson) => isPerson && reporter.see();
  return [
    window.onDidChangeWindowState((state) => seeIf(state.active)),
    window.onDidChangeTextEditorVisibleRanges((event) =>
      seeIf(window.state.focused && isByHand(event.textEditor.document)),
    ),
    window.onDidChangeNotebookEditorVisibleRanges(() => seeIf(window.state.focused)),
    window.onDidChangeTextEditorSelection((event) => seeIf(event.kind !== undefined)),
    window.onDidChangeActiveTextEditor(() => seeIf(window.state.focused)),
    // A file that is read again because a program has written it is not dirty.
    workspace.onDidChangeTextDocument((event) =>
      seeIf(event.contentChanges.length > 0 && event.document.isDirty && isByHand(event.document)),
    ),
  ];
}

/** What runs without a person. */
function watchJobs(reporter) {
  const { debug, tasks, window, workspace } = vscode;
  for (const execution of tasks.taskExecutions) reporter.run("task", execution, true);
  return [
    window.onDidStartTerminalShellExecution((event) =>
      reporter.run("terminal", event.terminal, true),
    ),
    window.onDidEndTerminalShellExecution((event) =>
      reporter.run("terminal", event.terminal, false),
    ),
    // What runs in it ends with a terminal, but nothing says so.
    window.onDidCloseTerminal((terminal) => reporter.run("terminal", terminal, false)),
    tasks.onDidStartTask((event) => reporter.run("task", event.execution, true)),
    tasks.onDidEndTask((event) => reporter.run("task", event.execution, false)),
    debug.onDidStartDebugSession((session) => reporter.run("debugger", session.id, true)),
    debug.onDidTerminateDebugSession((session) => reporter.run("debugger", session.id, false)),
    workspace.onDidChangeNotebookDocument((event) => {
      for (const { cell, executionSummary: summary } of event.cellChanges) {
        if (summary === undefined) continue;
        // A cell that runs has its number already, and no result yet.
        const isRunning = summary.executionOrder !== undefined && summary.success === undefined;
        reporter.run("notebook", cell.document.uri.toString(), isRunning);
      }
    }),
    workspace.onDidCloseTextDocument((document) =>
      reporter.run("notebook", document.uri.toString(), false),
    ),
  ];
}

/** An error stays on the screen until its button is clicked. */
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
