/** What the person is told about kernels. */

import * as path from "node:path";
import * as vscode from "vscode";

import type { NotebookSession } from "./session.ts";

const { l10n, window } = vscode;

function nameOf(notebook: vscode.NotebookDocument): string {
  return path.basename(notebook.uri.fsPath);
}

/** Tells that the kernel which a notebook names is missing, or that there is none at all. */
export function tellMissing(count: number, missing?: string, instead?: string): void {
  if (count === 0) {
    void window.showErrorMessage(
      l10n.t(
        "Jupyter has no kernel. For Python, run {0} in a terminal, then open the notebook again.",
        "pip install ipykernel",
      ),
    );
  } else if (instead) {
    void window.showWarningMessage(
      l10n.t(
        "The notebook asks for the kernel {0}, which is missing. It runs on {1}.",
        missing!,
        instead,
      ),
    );
  } else {
    void window.showWarningMessage(
      missing
        ? l10n.t("The notebook asks for the kernel {0}, which is missing. Choose another.", missing)
        : l10n.t("No kernel runs the notebook's language. Choose one."),
    );
  }
}

/** Tells that variables are lost, and offers a restart if nothing else did it. */
export async function tellLoss(
  session: NotebookSession,
  how: "restarted" | "ended",
): Promise<void> {
  const name = nameOf(session.notebook);
  if (how === "restarted") {
    void window.showWarningMessage(
      l10n.t("The kernel of {0} ended and was started again. Its variables are lost.", name),
    );
    return;
  }
  const restart = l10n.t("Restart Kernel");
  const text = l10n.t("The kernel of {0} has ended; its variables are lost.", name);
  if ((await window.showWarningMessage(text, restart)) === restart) session.restart();
}

/** Tells that the Jupyter server could not do what was wanted. */
export function tellFailure(notebook: vscode.NotebookDocument, error: Error): void {
  console.error(error);
  void window.showErrorMessage(
    l10n.t("Jupyter cannot run {0}: {1}", nameOf(notebook), error.message),
  );
}
