/** The terminals of debugged programs. */

import * as vscode from "vscode";

// After the command the terminal remains, so that its output can be read. Ctrl+C does not end it.
const SCRIPT = '"$@"; trap "" INT QUIT TSTP; while :; do sleep 3600; done';

let last: vscode.Terminal | undefined;

/** Returns the settings for a program that runs in a terminal, unless its configuration has another
 * console. The Debug Console would cover the terminal. */
export function inTerminal({ console }: vscode.DebugConfiguration): object {
  if (console && console !== "integratedTerminal") return {};
  return { console: "integratedTerminal", internalConsoleOptions: "neverOpen" };
}

/** Opens a terminal in place of the last one, and runs a command in it. It is for debuggers that do
 * not ask VS Code for a terminal. */
export function open(name: string, folder: string | undefined, command: string[]): vscode.Terminal {
  last?.dispose();
  last = vscode.window.createTerminal({
    name,
    cwd: folder,
    shellPath: "/bin/sh",
    shellArgs: ["-c", SCRIPT, "sh", ...command],
    iconPath: new vscode.ThemeIcon("debug"),
    isTransient: true,
  });
  last.show(true);
  return last;
}
