/** Writes into a notebook which kernel it has, as JupyterLab does. */

import * as vscode from "vscode";

import type { NotebookMetadata, Specification } from "./choice.ts";
import { cellLanguage } from "./language.ts";
import type { NotebookSession } from "./session.ts";

/** Returns the metadata of the notebook's file. */
export function metadataOf(notebook: vscode.NotebookDocument): NotebookMetadata {
  return notebook.metadata.metadata ?? {};
}

/** Describes the kernel in the notebook, which is changed by its run anyway. */
export async function describe(
  { notebook, kernel }: NotebookSession,
  { name, display_name, language }: Specification,
): Promise<void> {
  const info = await kernel?.info;
  if (!info) return;
  const known = metadataOf(notebook);
  const metadata = {
    ...known,
    kernelspec: { display_name, language, name },
    language_info: info.language_info,
  };
  if (JSON.stringify(metadata) === JSON.stringify(known)) return;
  const edit = new vscode.WorkspaceEdit();
  const all = { ...notebook.metadata, metadata };
  edit.set(notebook.uri, [vscode.NotebookEdit.updateNotebookMetadata(all)]);
  await vscode.workspace.applyEdit(edit);
  // VS Code opens a notebook that names no language as Python.
  const namesNone = !known.language_info?.name && !known.kernelspec?.language;
  const wrong = namesNone ? ["plaintext", "python"] : ["plaintext"];
  for (const cell of notebook.getCells()) {
    const { languageId } = cell.document;
    if (cell.kind === vscode.NotebookCellKind.Code && wrong.includes(languageId))
      await vscode.languages.setTextDocumentLanguage(cell.document, cellLanguage(language));
  }
}
