// Opens a notebook from VS Code in JupyterLab.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const { l10n, window } = vscode;
const ROOT = process.env.JUPYTER_CODESERVER_ROOT;
const BASE_URL = process.env.JUPYTER_CODESERVER_BASE_URL;

/** Returns the file's path relative to the folder that JupyterLab shows; undefined if the file lies
 * elsewhere, or if JupyterLab shows no folder of this machine. */
function pathFromRoot({ scheme, fsPath: file }) {
  if (!ROOT || scheme !== "file") return undefined;
  const paths = [path.relative(ROOT, file)];
  // The root, or a folder below it, may be a link.
  if (fs.existsSync(file)) paths.push(path.relative(fs.realpathSync(ROOT), fs.realpathSync(file)));
  return paths.find((relative) => relative && relative.split(path.sep)[0] !== "..");
}

/** Returns Jupyter's address as this browser uses it. Only VS Code's page knows it, and reveals it as
 * the address to which other pages may redirect. */
async function jupyterAddress(extension) {
  const back = vscode.Uri.from({ scheme: vscode.env.uriScheme, authority: extension, path: "/" });
  const { scheme, authority } = await vscode.env.asExternalUri(back);
  return `${scheme}://${authority}${BASE_URL}`;
}

/** Opens the chosen notebook, else the active one. */
exports.open = async (extension, chosen) => {
  const notebook = chosen ?? window.tabGroups.activeTabGroup.activeTab?.input?.uri;
  if (!notebook) {
    window.showErrorMessage(l10n.t("Choose a notebook, or open one, to see it in JupyterLab."));
    return;
  }
  const relative = pathFromRoot(notebook);
  if (!relative) {
    window.showErrorMessage(
      ROOT
        ? l10n.t(
            "{0} is not below {1}, the folder that JupyterLab shows.",
            path.basename(notebook.fsPath),
            ROOT,
          )
        : l10n.t("JupyterLab shows no files of this machine."),
    );
    return;
  }
  const encoded = relative.split(path.sep).map(encodeURIComponent).join("/");
  const address = `${await jupyterAddress(extension)}lab/tree/${encoded}`;
  // This is text, as VS Code would encode a "#" in a Uri twice.
  await vscode.env.openExternal(address);
};
