/** Loads kernels with the first notebook, languages with the first document of one, and debugging with
 * the first debug session, so that a window without them does not pay for them. */

import * as vscode from "vscode";

import { type Debugging, register } from "./debugging/registration.ts";
import * as environment from "./environment.ts";
import { enabled } from "./languages/table.ts";

/** A bundle that is loaded when it is needed. */
interface Part {
  activate(context: vscode.ExtensionContext): void | Promise<void>;
}

const NOTEBOOK = "jupyter-notebook";

/** Loads each part as soon as something is open that needs it. */
export function loadWithFirst(context: vscode.ExtensionContext): void {
  if (environment.kernelsSocket) {
    const { notebookDocuments, onDidOpenNotebookDocument } = vscode.workspace;
    const isNotebook = (document: vscode.NotebookDocument) => document.notebookType === NOTEBOOK;
    onFirst(context, notebookDocuments, onDidOpenNotebookDocument, isNotebook, () =>
      load(context, () => require("./kernels.js")),
    );
  }
  const languages = enabled(environment.languages);
  const ids = new Set(languages.flatMap(({ documents }) => documents));
  const { textDocuments, onDidOpenTextDocument } = vscode.workspace;
  const isOfLanguage = (document: vscode.TextDocument) => ids.has(document.languageId);
  onFirst(context, textDocuments, onDidOpenTextDocument, isOfLanguage, () =>
    load(context, () => require("./languages.js")),
  );
  let debugging: Debugging | undefined;
  register(context, languages, () => (debugging ??= require("./debugging.js").start(context)));
}

function onFirst<T>(
  context: vscode.ExtensionContext,
  open: readonly T[],
  opened: vscode.Event<T>,
  counts: (document: T) => boolean,
  begin: () => void,
): void {
  if (open.some(counts)) {
    begin();
    return;
  }
  const listener = opened((document) => {
    if (!counts(document)) return;
    listener.dispose();
    begin();
  });
  context.subscriptions.push(listener);
}

function load(context: vscode.ExtensionContext, require: () => Part): void {
  void require().activate(context);
}
