// The way back: opens a notebook of VS Code's in JupyterLab.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const { l10n, window } = vscode;
const ROOT = process.env.JUPYTER_CODESERVER_ROOT;
const BASE_URL = process.env.JUPYTER_CODESERVER_BASE_URL;

/** The way from Jupyter's root to a file; undefined if it does not lie below. */
function wayFromRoot({ scheme, fsPath: file }) {
  if (!ROOT || scheme !== "file") return undefined;
  const ways = [path.relative(ROOT, file)];
  // The root, or a folder on the way, may be a link.
  if (fs.existsSync(file)) ways.push(path.relative(fs.realpathSync(ROOT), fs.realpathSync(file)));
  return ways.find((way) => way && way.split(path.sep)[0] !== "..");
}

/** Jupyter's address as this browser calls it, which VS Code's address of ports begins with. */
function jupyter() {
  return new URL(process.env.VSCODE_PROXY_URI).origin + BASE_URL;
}

/** Opens the notebook that was chosen, else the one in front. */
exports.open = async (chosen) => {
  const notebook = chosen ?? window.tabGroups.activeTabGroup.activeTab?.input?.uri;
  if (!notebook) {
    window.showErrorMessage(l10n.t("Choose a notebook, or open one, to see it in JupyterLab."));
    return;
  }
  const way = wayFromRoot(notebook);
  if (!way) {
    window.showErrorMessage(
      l10n.t(
        "{0} is not below {1}, the folder that JupyterLab shows.",
        path.basename(notebook.fsPath),
        ROOT ?? "/",
      ),
    );
    return;
  }
  const encoded = way.split(path.sep).map(encodeURIComponent).join("/");
  await vscode.env.openExternal(vscode.Uri.parse(`${jupyter()}lab/tree/${encoded}`, true));
};
