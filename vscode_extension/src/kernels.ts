/** Runs notebooks on the kernels of the Jupyter server. */

import * as path from "node:path";
import * as vscode from "vscode";

import { kernelsSocket } from "./environment.ts";
import * as commands from "./kernels/commands.ts";
import * as completion from "./kernels/completion.ts";
import { Notebooks } from "./kernels/notebooks.ts";
import { settings } from "./kernels/server.ts";
import * as status from "./kernels/status.ts";

// Where it is installed, it runs notebooks.
const OTHER = "ms-toolsai.jupyter";

export function activate(context: vscode.ExtensionContext): void {
  if (!kernelsSocket || vscode.extensions.getExtension(OTHER)) return;
  const folder = path.join(context.globalStorageUri.fsPath, "runs");
  const notebooks = new Notebooks(context.extension.id, settings(kernelsSocket), folder);
  context.subscriptions.push(
    notebooks,
    ...notebooks.watch(),
    ...commands.register(notebooks),
    ...completion.register(notebooks),
    ...status.show(notebooks),
  );
}
