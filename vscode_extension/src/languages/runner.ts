/** Runs the open file in a terminal. */

import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import * as vscode from "vscode";

import { commandFor, line, quote } from "./commandLine.ts";
import * as preferences from "./preferences.ts";
import type { Python } from "./python.ts";
import { type Language, RUNNER } from "./table.ts";

const { l10n, window } = vscode;

const PATIENCE = 10_000; // milliseconds

/** The terminal in which files run. */
export class Runner implements vscode.Disposable {
  private readonly languages: readonly Language[];
  private readonly python: Python;
  private readonly busy = new Set<vscode.Terminal>();
  private readonly subscriptions: vscode.Disposable[];
  private terminal: vscode.Terminal | undefined;

  constructor(languages: readonly Language[], python: Python) {
    this.languages = languages;
    this.python = python;
    this.subscriptions = [
      vscode.commands.registerCommand("jupyterCodeserver.runFile", (file?: vscode.Uri) =>
        this.run(file),
      ),
      vscode.extensions.onDidChange(() => this.offer()),
      window.onDidStartTerminalShellExecution(({ terminal }) => this.busy.add(terminal)),
      window.onDidEndTerminalShellExecution(({ terminal }) => this.busy.delete(terminal)),
      window.onDidCloseTerminal((terminal) => {
        this.busy.delete(terminal);
        if (terminal === this.terminal) this.terminal = undefined;
      }),
    ];
    this.offer();
  }

  /** Tells VS Code which documents have ▷: those that no other extension runs. */
  private offer(): void {
    const isActive = (id: string) => vscode.extensions.getExtension(id) !== undefined;
    const ours = isActive(RUNNER)
      ? []
      : this.languages.filter(({ runners }) => !runners?.some(isActive));
    const documents = ours.flatMap(({ documents }) => documents);
    void vscode.commands.executeCommand("setContext", "jupyterCodeserver.runnable", documents);
  }

  private async run(chosen?: vscode.Uri): Promise<void> {
    const uri = chosen ?? window.activeTextEditor?.document.uri;
    const file = uri && (await saved(uri));
    if (!file) return;
    const { languageId } = await vscode.workspace.openTextDocument(file);
    const language = this.languages.find(({ documents }) => documents.includes(languageId));
    const command = language && commandFor(language, languageId, file, preferences.commands());
    if (!command) {
      void window.showErrorMessage(
        l10n.t(
          'The setting "jupyterCodeserver.run" has no command for {0}. Add one, such as "{1}".',
          languageId,
          `program {file}`,
        ),
      );
      return;
    }
    const programs = { python: this.python.path, node: process.execPath };
    this.type(line(command, file, programs), path.dirname(file));
  }

  /** Types a line into a terminal in a folder: the last one, unless a program runs there. */
  private type(text: string, folder: string): void {
    const isFree = this.terminal && !this.terminal.exitStatus && !this.busy.has(this.terminal);
    if (this.terminal && isFree) {
      const inFolder = this.terminal.shellIntegration?.cwd?.fsPath === folder;
      this.terminal.show(true);
      this.terminal.sendText(inFolder ? text : `cd ${quote(folder)} && ${text}`);
      return;
    }
    this.terminal = window.createTerminal({ name: l10n.t("Run"), cwd: folder });
    this.terminal.show(true);
    this.terminal.sendText(text);
  }

  dispose(): void {
    for (const each of this.subscriptions) each.dispose();
  }
}

/** Saves a document and returns its file; undefined if that failed, or the person has cancelled. */
async function saved(uri: vscode.Uri): Promise<string | undefined> {
  const document = await vscode.workspace.openTextDocument(uri);
  if (document.isUntitled) return (await vscode.workspace.save(uri))?.fsPath;
  await document.save();
  // VS Code tells of a save only later, above all of one that it had begun itself.
  const until = Date.now() + PATIENCE;
  while (document.isDirty && Date.now() < until) await setTimeout(50);
  if (!document.isDirty) return document.fileName;
  void window.showErrorMessage(
    l10n.t("{0} is not run, as it could not be saved.", path.basename(document.fileName)),
  );
  return undefined;
}
