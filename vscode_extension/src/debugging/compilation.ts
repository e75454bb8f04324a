/** Compiles a program in a task, whose terminal shows the errors. */

import * as vscode from "vscode";

import type { Build } from "./build.ts";
import { CannotDebug } from "./debugger.ts";

const { l10n, tasks } = vscode;

/** Compiles a program. `title` is what the messages call it. */
export async function compile({ folder, command }: Build, title: string): Promise<void> {
  const task = new vscode.Task(
    { type: "shell" },
    vscode.TaskScope.Workspace,
    l10n.t("build {0}", title),
    "Jupyter",
    new vscode.ShellExecution(command, { cwd: folder }),
  );
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Silent, // it is shown if the command fails
    showReuseMessage: false,
    clear: true,
  };
  const code = await exitCode(task);
  if (code !== 0) {
    throw new CannotDebug(l10n.t("{0} does not compile. The terminal says why.", title));
  }
}

/** Runs a task and returns its exit code, which is undefined if its terminal was closed. */
async function exitCode(task: vscode.Task): Promise<number | undefined> {
  const listeners: vscode.Disposable[] = [];
  try {
    return await new Promise<number | undefined>((resolve, reject) => {
      const isThis = (execution: vscode.TaskExecution) => execution.task.name === task.name;
      listeners.push(
        tasks.onDidEndTaskProcess((event) => isThis(event.execution) && resolve(event.exitCode)),
        tasks.onDidEndTask((event) => isThis(event.execution) && setImmediate(resolve, undefined)),
      );
      tasks.executeTask(task).then(undefined, reject);
    });
  } finally {
    for (const each of listeners) each.dispose();
  }
}
