/** Offers each kernel of the Jupyter server in VS Code's list of kernels. */

import type { ServerConnection } from "@jupyterlab/services";
import { getSpecs } from "@jupyterlab/services/lib/kernelspec/restapi";
import * as vscode from "vscode";

import type { Specification } from "./choice.ts";
import { cellLanguages } from "./language.ts";

export const NOTEBOOK = "jupyter-notebook";

type Handlers = Pick<vscode.NotebookController, "executeHandler" | "interruptHandler">;

/** The kernels of the server, and which notebook has which. */
export class Controllers implements vscode.Disposable {
  specifications: readonly Specification[] = [];
  defaultName = "";
  private readonly controllers = new Map<string, vscode.NotebookController>();
  private readonly selected = new Map<vscode.NotebookDocument, string>();
  private readonly changed = new vscode.EventEmitter<vscode.NotebookDocument>();
  /** A notebook got another kernel, by a person or by `select()`. */
  readonly onDidSelect = this.changed.event;
  private readonly extension: string;
  private readonly settings: ServerConnection.ISettings;
  private readonly handlers: Handlers;

  constructor(extension: string, settings: ServerConnection.ISettings, handlers: Handlers) {
    this.extension = extension;
    this.settings = settings;
    this.handlers = handlers;
  }

  /** Asks the server which kernels there are. */
  async refresh(): Promise<void> {
    const models = await getSpecs(this.settings);
    this.defaultName = models.default;
    this.specifications = Object.values(models.kernelspecs).filter((each) => each !== undefined);
    for (const specification of this.specifications) this.offer(specification);
    for (const [name, controller] of this.controllers) {
      if (models.kernelspecs[name]) continue;
      controller.dispose();
      this.controllers.delete(name);
    }
  }

  get(name: string): vscode.NotebookController | undefined {
    return this.controllers.get(name);
  }

  /** Returns the name of the kernel that a notebook has. */
  selection(notebook: vscode.NotebookDocument): string | undefined {
    return this.selected.get(notebook);
  }

  /** Gives a notebook a kernel without asking the person. */
  async select(notebook: vscode.NotebookDocument, name: string): Promise<void> {
    if (this.selected.get(notebook) === name) return;
    const editors = vscode.window.visibleNotebookEditors;
    const editor = editors.find((each) => each.notebook === notebook);
    if (!editor) return;
    await vscode.commands.executeCommand("notebook.selectKernel", {
      notebookEditor: editor,
      id: name,
      extension: this.extension,
    });
  }

  dispose(): void {
    for (const controller of this.controllers.values()) controller.dispose();
  }

  private offer({ name, display_name, language }: Specification): void {
    const known = this.controllers.get(name);
    if (known) {
      known.label = display_name;
      return;
    }
    const controller = vscode.notebooks.createNotebookController(name, NOTEBOOK, display_name);
    Object.assign(controller, this.handlers);
    controller.supportedLanguages = cellLanguages(language);
    controller.supportsExecutionOrder = true;
    controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
      if (selected) this.selected.set(notebook, name);
      else if (this.selected.get(notebook) === name) this.selected.delete(notebook);
      if (selected) this.changed.fire(notebook);
    });
    this.controllers.set(name, controller);
  }
}
