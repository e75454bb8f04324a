/** Shows in the status bar what the active notebook's kernel does. */

import * as vscode from "vscode";

import type { Notebooks } from "./notebooks.ts";

const { l10n, window } = vscode;

/** Returns an icon and a word for a kernel's state; undefined: it has ended. */
function describe(status: string | undefined): string {
  switch (status) {
    case "idle":
      return `$(circle-large) ${l10n.t("idle")}`;
    case "busy":
      return `$(circle-large-filled) ${l10n.t("busy")}`;
    case undefined:
    case "dead":
      return `$(error) ${l10n.t("ended")}`;
    case "restarting":
    case "autorestarting":
      return `$(sync~spin) ${l10n.t("restarting")}`;
    default:
      return `$(sync~spin) ${l10n.t("connecting")}`;
  }
}

export function show(notebooks: Notebooks): vscode.Disposable[] {
  const item = window.createStatusBarItem("kernel", vscode.StatusBarAlignment.Right, 100);
  item.name = l10n.t("Jupyter Kernel");
  const update = () => {
    const session = notebooks.get(window.activeNotebookEditor?.notebook);
    if (!session) {
      item.hide();
      return;
    }
    item.text = l10n.t("Kernel: {0}", describe(session.kernel?.status));
    item.show();
  };
  update();
  return [item, notebooks.onDidChange(update), window.onDidChangeActiveNotebookEditor(update)];
}
