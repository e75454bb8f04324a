/** The notebooks of this window, each with its session on the Jupyter server. */

import * as path from "node:path";
import type { ServerConnection } from "@jupyterlab/services";
import * as vscode from "vscode";

import { root } from "../environment.ts";
import { pathFromRoot } from "../root.ts";
import { choose } from "./choice.ts";
import { Controllers, NOTEBOOK } from "./controllers.ts";
import { describe, metadataOf } from "./description.ts";
import { tellFailure, tellLoss, tellMissing } from "./messages.ts";
import { NotebookSession, type Host } from "./session.ts";
import { Widgets } from "./widgets.ts";

const { window, workspace } = vscode;

/** Returns the path by which Jupyter knows the file: that from its root. */
function pathOf(uri: vscode.Uri): string {
  const folder = workspace.workspaceFolders?.[0]?.uri.fsPath ?? root ?? "/";
  const file = path.resolve(folder, uri.fsPath);
  const relative = pathFromRoot(file, root) ?? path.relative(root ?? "/", file);
  return relative.split(path.sep).join("/");
}

function codeOf(notebook: vscode.NotebookDocument): string {
  return JSON.stringify(notebook.getCells().map((cell) => cell.document.getText()));
}

export class Notebooks implements vscode.Disposable {
  private readonly seen = new WeakSet<vscode.NotebookDocument>();
  private readonly sessions = new Map<vscode.NotebookDocument, NotebookSession>();
  /** The sessions of closed notebooks without a file, by their code. */
  private readonly untitled = new Map<string, NotebookSession>();
  private readonly controllers: Controllers;
  private readonly host: Host;
  private readonly widgets = new Widgets();
  private readonly changed = new vscode.EventEmitter<NotebookSession>();
  /** A kernel's state has changed, or the session has another kernel. */
  readonly onDidChange = this.changed.event;

  constructor(extension: string, settings: ServerConnection.ISettings, folder: string) {
    this.controllers = new Controllers(extension, settings, {
      executeHandler: (cells, notebook, controller) => this.run(cells, notebook, controller.id),
      interruptHandler: (notebook) => this.sessions.get(notebook)?.interrupt(),
    });
    this.host = {
      settings,
      folder,
      widgets: this.widgets,
      controller: (name) => this.controllers.get(name)!,
      select: ({ notebook, kernelName }) => this.controllers.select(notebook, kernelName),
      asked: (session) => this.describe(session),
      changed: (session) => this.changed.fire(session),
      lost: (session, how) => void tellLoss(session, how),
      failed: ({ notebook }, error) => tellFailure(notebook, error),
    };
  }

  get(notebook: vscode.NotebookDocument | undefined): NotebookSession | undefined {
    return notebook && this.sessions.get(notebook);
  }

  /** Gives every notebook that is seen its kernel. */
  watch(): vscode.Disposable[] {
    const openAll = (editors: readonly vscode.NotebookEditor[]) => {
      for (const { notebook } of editors) void this.open(notebook);
    };
    openAll(window.visibleNotebookEditors);
    return [
      window.onDidChangeVisibleNotebookEditors(openAll),
      workspace.onDidCloseNotebookDocument((notebook) => this.close(notebook)),
      workspace.onWillRenameFiles((event) => event.waitUntil(this.move(event.files))),
      this.controllers.onDidSelect((notebook) => this.change(notebook)),
    ];
  }

  dispose(): void {
    for (const session of this.sessions.values()) session.dispose();
    this.controllers.dispose();
    this.widgets.dispose();
  }

  private async open(notebook: vscode.NotebookDocument): Promise<void> {
    const isFile = ["file", "untitled"].includes(notebook.uri.scheme);
    if (notebook.notebookType !== NOTEBOOK || !isFile || this.seen.has(notebook)) return;
    this.seen.add(notebook);
    try {
      await this.takeOver(notebook);
      const { controllers } = this;
      const isFirst = controllers.specifications.length === 0;
      await controllers.refresh();
      const { specifications, defaultName } = controllers;
      const { chosen, missing } = choose(specifications, defaultName, metadataOf(notebook));
      if (missing || !chosen) tellMissing(specifications.length, missing, chosen?.display_name);
      if (chosen) {
        await controllers.select(notebook, chosen.name);
        // Somebody who ran a cell already is being asked for a kernel. Without the question, it runs.
        if (isFirst) await vscode.commands.executeCommand("workbench.action.closeQuickOpen");
        this.start(notebook, chosen.name);
      } else this.change(notebook);
    } catch (error) {
      tellFailure(notebook, error as Error);
    }
  }

  /** Gives a notebook that is saved for the first time the kernel that it had before. */
  private async takeOver(notebook: vscode.NotebookDocument): Promise<void> {
    const session = this.untitled.get(codeOf(notebook));
    if (notebook.isUntitled || !session) return;
    this.untitled.clear();
    await session.move(pathOf(notebook.uri));
  }

  /** Returns the notebook's session, and starts one if there is none. */
  private start(notebook: vscode.NotebookDocument, kernelName: string): NotebookSession {
    const known = this.sessions.get(notebook);
    if (known) return known;
    const session = new NotebookSession(notebook, pathOf(notebook.uri), kernelName, this.host);
    this.sessions.set(notebook, session);
    session.start();
    return session;
  }

  private run(
    cells: readonly vscode.NotebookCell[],
    notebook: vscode.NotebookDocument,
    kernelName: string,
  ): void {
    this.start(notebook, kernelName).run(cells);
  }

  private describe(session: NotebookSession): void {
    const { specifications } = this.controllers;
    const specification = specifications.find(({ name }) => name === session.kernelName);
    if (specification) void describe(session, specification);
  }

  /** Follows the person's choice in VS Code's list of kernels. */
  private change(notebook: vscode.NotebookDocument): void {
    const name = this.controllers.selection(notebook);
    if (name && this.seen.has(notebook)) this.start(notebook, name).change(name);
  }

  private async move(files: readonly { oldUri: vscode.Uri; newUri: vscode.Uri }[]): Promise<void> {
    for (const session of this.sessions.values()) {
      for (const { oldUri, newUri } of files) {
        const below = path.relative(oldUri.fsPath, session.notebook.uri.fsPath);
        if (below.split(path.sep)[0] === "..") continue;
        await session.move(pathOf(vscode.Uri.file(path.join(newUri.fsPath, below))));
      }
    }
  }

  private close(notebook: vscode.NotebookDocument): void {
    const session = this.sessions.get(notebook);
    session?.dispose();
    this.sessions.delete(notebook);
    // VS Code closes it when it has a file, and then opens that.
    if (session && notebook.isUntitled) this.untitled.set(codeOf(notebook), session);
  }
}
