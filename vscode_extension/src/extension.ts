/** Starts the parts of the companion extension. */

import * as vscode from "vscode";

import * as activity from "./activity.ts";
import * as environment from "./environment.ts";
import * as fallback from "./fallback.ts";
import * as jupyterlab from "./jupyterlab.ts";
import { loadWithFirst } from "./loading.ts";

/** Warns with an error, which stays on the screen until its button is clicked. */
function warnOfLoss(folder: string): void {
  void vscode.window.showErrorMessage(
    vscode.l10n.t(
      "{0} cannot be written. Files that you save in other folders are kept; settings, extensions and text in no file are lost when VS Code stops. Tell your instructor.",
      folder,
    ),
    vscode.l10n.t("I see"),
  );
}

export function activate(context: vscode.ExtensionContext): void {
  context.subscriptions.push(
    vscode.commands.registerCommand("jupyterCodeserver.openInJupyterLab", (notebook?: vscode.Uri) =>
      jupyterlab.open(context.extension.id, notebook),
    ),
  );
  if (environment.unwritable) warnOfLoss(environment.unwritable);
  if (environment.reportsFolder) activity.watch(context, environment.reportsFolder);
  fallback.serve(context);
  loadWithFirst(context);
}
