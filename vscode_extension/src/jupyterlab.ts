/** Opens a notebook from VS Code in JupyterLab. */

import * as path from "node:path";
import * as vscode from "vscode";

import { baseUrl, root } from "./environment.ts";
import { pathFromRoot } from "./root.ts";

const { l10n, window } = vscode;

/** Returns Jupyter's address as this browser uses it. Only VS Code's page knows it, and reveals it as
 * the address to which other pages may redirect. */
async function jupyterAddress(extension: string): Promise<string> {
  const back = vscode.Uri.from({ scheme: vscode.env.uriScheme, authority: extension, path: "/" });
  const { scheme, authority } = await vscode.env.asExternalUri(back);
  return `${scheme}://${authority}${baseUrl}`;
}

/** Returns the notebook of the active tab, which may have no editor yet. */
function activeNotebook(): vscode.Uri | undefined {
  const input = window.tabGroups.activeTabGroup.activeTab?.input as
    { uri?: vscode.Uri } | undefined;
  return input?.uri;
}

/** Opens the chosen notebook, else the active one. */
export async function open(extension: string, chosen?: vscode.Uri): Promise<void> {
  const notebook = chosen ?? activeNotebook();
  if (!notebook) {
    void window.showErrorMessage(
      l10n.t("Choose a notebook, or open one, to see it in JupyterLab."),
    );
    return;
  }
  const relative = notebook.scheme === "file" ? pathFromRoot(notebook.fsPath, root) : undefined;
  if (!relative) {
    void window.showErrorMessage(
      root
        ? l10n.t(
            "{0} is not below {1}, the folder that JupyterLab shows.",
            path.basename(notebook.fsPath),
            root,
          )
        : l10n.t("JupyterLab shows no files of this machine."),
    );
    return;
  }
  const encoded = relative.split(path.sep).map(encodeURIComponent).join("/");
  const address = `${await jupyterAddress(extension)}lab/tree/${encoded}`;
  // `openExternal` would encode a "#" in a Uri twice, so it gets text, which it accepts as well.
  await vscode.env.openExternal(address as unknown as vscode.Uri);
}
