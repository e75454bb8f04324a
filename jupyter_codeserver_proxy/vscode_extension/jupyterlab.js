// The way back: opens a notebook of VS Code's in JupyterLab.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const { l10n, window } = vscode;
const ROOT = process.env.JUPYTER_CODESERVER_ROOT;
const BASE_URL = process.env.JUPYTER_CODESERVER_BASE_URL;

/** The way from the folder that JupyterLab shows to a file; undefined if it does not lie below, or
 * JupyterLab shows none of this machine. */
function wayFromRoot({ scheme, fsPath: file }) {
  if (!ROOT || scheme !== "file") return undefined;
  const ways = [path.relative(ROOT, file)];
  // The root, or a folder on the way, may be a link.
  if (fs.existsSync(file)) ways.push(path.relative(fs.realpathSync(ROOT), fs.realpathSync(file)));
  return ways.find((way) => way && way.split(path.sep)[0] !== "..");
}

/** Jupyter's address as this browser calls it: only VS Code's page knows, and tells where a page of
 * others would have to lead to in order to come back. */
async function jupyter(extension) {
  const back = vscode.Uri.from({ scheme: vscode.env.uriScheme, authority: extension, path: "/" });
  const { scheme, authority } = await vscode.env.asExternalUri(back);
  return `${scheme}://${authority}${BASE_URL}`;
}

/** Opens the notebook that was chosen, else the one in front. */
exports.open = async (extension, chosen) => {
  const notebook = chosen ?? window.tabGroups.activeTabGroup.activeTab?.input?.uri;
  if (!notebook) {
    window.showErrorMessage(l10n.t("Choose a notebook, or open one, to see it in JupyterLab."));
    return;
  }
  const way = wayFromRoot(notebook);
  if (!way) {
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
  const encoded = way.split(path.sep).map(encodeURIComponent).join("/");
  const address = `${await jupyter(extension)}lab/tree/${encoded}`;
  // As text, which VS Code takes as well: from a Uri it would encode a "#" of the name twice.
  await vscode.env.openExternal(address);
};
