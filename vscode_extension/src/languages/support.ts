/** The servers of one language: they run while a document of it is open. */

import * as vscode from "vscode";

import type { Python } from "./python.ts";
import { Server } from "./server.ts";
import type { Language } from "./table.ts";

const { l10n, window, workspace } = vscode;

const IDLE = 5 * 60_000; // milliseconds
const SCHEMES = new Set(["file", "untitled", "vscode-notebook-cell"]);

/** Supports one language. */
export class Support implements vscode.Disposable {
  readonly language: Language;
  private readonly python: Python;
  private readonly memory: vscode.Memento;
  private readonly servers: readonly Server[];
  private readonly subscriptions: readonly vscode.Disposable[];
  private idle: NodeJS.Timeout | undefined;
  private hasNamed = false;

  constructor(language: Language, python: Python, memory: vscode.Memento) {
    this.language = language;
    this.python = python;
    this.memory = memory;
    this.servers = language.servers.map((server) => new Server(language, server));
    this.subscriptions = [
      ...this.servers,
      workspace.onDidOpenTextDocument((document) => this.counts(document) && this.update()),
      workspace.onDidCloseTextDocument((document) => this.counts(document) && this.update()),
      vscode.extensions.onDidChange(() => this.update()),
    ];
    this.update();
  }

  /** Ends the servers and starts those that are wanted, as after another interpreter was chosen. */
  async restart(): Promise<void> {
    await this.stop();
    this.update();
  }

  /** Lets the person restart a server or see its log. */
  async manage(name: string): Promise<void> {
    const server = this.servers.find(({ description }) => description.name === name);
    const [restart, log] = [l10n.t("Restart"), l10n.t("Show Log")];
    const offered = server?.hasLog ? [restart, log] : [restart];
    const chosen = await window.showQuickPick(offered, { placeHolder: name });
    if (chosen === restart) await this.restart();
    else if (chosen === log) server?.showLog();
  }

  private counts(document: vscode.TextDocument): boolean {
    return (
      this.language.documents.includes(document.languageId) && SCHEMES.has(document.uri.scheme)
    );
  }

  private get isNeeded(): boolean {
    return workspace.textDocuments.some((document) => this.counts(document));
  }

  private update(): void {
    for (const server of this.replaced()) void server.stop();
    clearTimeout(this.idle);
    if (this.isNeeded) void this.start();
    else this.idle = setTimeout(() => this.stop(), IDLE);
  }

  private async start(): Promise<void> {
    const python = this.python.path;
    const replaced = this.replaced();
    const wanted = this.servers.filter((server) => !replaced.includes(server));
    const programs = await Promise.all(wanted.map((server) => server.locate(python)));
    if (!this.isNeeded) return;
    const hasFirst = wanted[0] === this.servers[0] && programs[0] !== undefined;
    wanted.forEach((server, index) => {
      const program = programs[index];
      if (program) server.start(program, python, hasFirst && index > 0);
    });
    this.name(wanted.filter((_, index) => !programs[index]));
  }

  private async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  /** Returns the servers that another active extension replaces. */
  private replaced(): Server[] {
    const isActive = (id: string) => vscode.extensions.getExtension(id) !== undefined;
    if (this.language.rivals.some(isActive)) return [...this.servers];
    return this.servers.filter(({ description }) => description.rivals?.some(isActive));
  }

  /** Names the missing programs once. */
  private name(missing: readonly Server[]): void {
    const key = `missing.${this.language.name}`;
    if (missing.length === 0 || this.hasNamed || this.memory.get(key)) return;
    this.hasNamed = true;
    const never = l10n.t("Do Not Show Again");
    const names = missing.map(({ description }) => description.name).join(", ");
    const commands = missing.map(({ description }) => description.install).join("; ");
    void window
      .showInformationMessage(
        l10n.t(
          "Completion and errors in {0} need {1}. To install: {2}",
          this.language.title,
          names,
          commands,
        ),
        never,
      )
      .then((clicked) => {
        if (clicked) void this.memory.update(key, true);
      });
  }

  dispose(): void {
    clearTimeout(this.idle);
    for (const each of this.subscriptions) each.dispose();
  }
}
