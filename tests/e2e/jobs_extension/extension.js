// Starts what runs in VS Code without a person: a task and debug sessions.
"use strict";

const path = require("node:path");
const vscode = require("vscode");

const ends = [];

/** A task that is no program, as a program in a terminal is known in another way. */
async function task() {
  const written = new vscode.EventEmitter();
  const closed = new vscode.EventEmitter();
  const terminal = { onDidWrite: written.event, onDidClose: closed.event, open() {}, close() {} };
  const execution = new vscode.CustomExecution(async () => terminal);
  const definition = { type: "jobs" };
  await vscode.tasks.executeTask(
    new vscode.Task(definition, vscode.TaskScope.Workspace, "long", "jobs", execution),
  );
  ends.push(() => closed.fire(0));
}

/** An adapter that agrees to everything and debugs nothing. */
class Adapter {
  constructor() {
    this.sent = new vscode.EventEmitter();
    this.onDidSendMessage = this.sent.event;
    this.number = 0;
  }

  handleMessage(message) {
    const { command, seq } = message;
    this.send({ type: "response", command, request_seq: seq, success: true, body: { threads: [] } });
    if (command === "initialize") this.send({ type: "event", event: "initialized" });
    if (command === "disconnect") this.send({ type: "event", event: "terminated" });
  }

  send(message) {
    this.sent.fire({ seq: ++this.number, ...message });
  }

  dispose() {}
}

async function startDebugger() {
  await vscode.debug.startDebugging(undefined, { type: "jobs", name: "long", request: "launch" });
  ends.push(() => vscode.debug.stopDebugging());
}

/** A program of the workspace's, in VS Code's own debugger of JavaScript. */
async function script() {
  const folder = vscode.workspace.workspaceFolders[0];
  const program = path.join(folder.uri.fsPath, "script.js");
  const launch = { type: "node", request: "launch", name: "script", program };
  await vscode.debug.startDebugging(folder, { ...launch, runtimeExecutable: process.execPath });
}

exports.activate = (context) => {
  const factory = {
    createDebugAdapterDescriptor: () => new vscode.DebugAdapterInlineImplementation(new Adapter()),
  };
  context.subscriptions.push(
    vscode.debug.registerDebugAdapterDescriptorFactory("jobs", factory),
    vscode.commands.registerCommand("jobs.task", task),
    vscode.commands.registerCommand("jobs.debugger", startDebugger),
    vscode.commands.registerCommand("jobs.script", script),
    vscode.commands.registerCommand("jobs.end", () => ends.splice(0).forEach((end) => end())),
  );
};
