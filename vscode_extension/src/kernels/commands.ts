/** Commands of the notebook's toolbar and of the palette. */

import * as vscode from "vscode";

import type { Notebooks } from "./notebooks.ts";
import type { NotebookSession } from "./session.ts";

const { l10n, window } = vscode;

async function isConfirmed(): Promise<boolean> {
  const restart = l10n.t("Restart");
  const text = l10n.t("Restart the kernel? All its variables will be lost.");
  return (await window.showWarningMessage(text, { modal: true }, restart)) === restart;
}

export function register(notebooks: Notebooks): vscode.Disposable[] {
  const add = (name: string, act: (session: NotebookSession) => unknown) =>
    vscode.commands.registerCommand(`jupyterCodeserver.${name}`, () => {
      const session = notebooks.get(window.activeNotebookEditor?.notebook);
      if (session) return act(session);
      void window.showErrorMessage(l10n.t("Open a notebook and choose its kernel first."));
      return undefined;
    });
  return [
    add("interruptKernel", (session) => session.interrupt()),
    add("restartKernel", async (session) => {
      if (await isConfirmed()) session.restart();
    }),
    add("restartAndRunAll", async (session) => {
      if (!(await isConfirmed())) return;
      session.restart();
      await vscode.commands.executeCommand("notebook.execute", session.notebook.uri);
    }),
  ];
}
