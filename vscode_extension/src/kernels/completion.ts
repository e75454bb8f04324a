/** Completes and explains code in cells from what lives in the kernel. */

import * as vscode from "vscode";

import type { Notebooks } from "./notebooks.ts";
import { NOTEBOOK } from "./controllers.ts";
import { fromKernel, plain, toKernel } from "./positions.ts";

const { CompletionItemKind } = vscode;

const PATIENCE = 1000; // milliseconds

// IPython's names for kinds of completions.
const KINDS: Record<string, vscode.CompletionItemKind> = {
  class: CompletionItemKind.Class,
  function: CompletionItemKind.Function,
  instance: CompletionItemKind.Variable,
  keyword: CompletionItemKind.Keyword,
  magic: CompletionItemKind.Event,
  module: CompletionItemKind.Module,
  param: CompletionItemKind.Variable,
  path: CompletionItemKind.File,
  property: CompletionItemKind.Property,
  statement: CompletionItemKind.Variable,
};

function withinPatience<T>(promise: Thenable<T>): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE, undefined));
  return Promise.race([Promise.resolve(promise).catch(() => undefined), late]);
}

/** Answers VS Code about the code of cells. */
class Provider implements vscode.CompletionItemProvider, vscode.HoverProvider {
  /** The places at which others are asked. VS Code asks this provider together with them. */
  private readonly asking = new Set<string>();
  private readonly notebooks: Notebooks;

  constructor(notebooks: Notebooks) {
    this.notebooks = notebooks;
  }

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.CompletionItem[] | undefined> {
    const kernel = this.kernel(document);
    if (!kernel || this.asking.has(placeOf(document, position))) return undefined;
    const code = document.getText();
    const cursor_pos = toKernel(code, document.offsetAt(position));
    const [reply, others] = await Promise.all([
      withinPatience(kernel.requestComplete({ code, cursor_pos })),
      this.ask<vscode.CompletionList>("vscode.executeCompletionItemProvider", document, position),
    ]);
    if (reply?.content.status !== "ok") return undefined;
    const { matches, cursor_start, cursor_end, metadata } = reply.content;
    const range = new vscode.Range(
      document.positionAt(fromKernel(code, cursor_start)),
      document.positionAt(fromKernel(code, cursor_end)),
    );
    const types = (metadata._jupyter_types_experimental ?? []) as { text: string; type: string }[];
    const kinds = new Map(types.map(({ text, type }) => [text, KINDS[type]]));
    const known = new Set(others?.items.map(({ label }) => nameOf(label)));
    const words = matches.filter((match) => !known.has(lastPart(match)) && !known.has(match));
    return words.map((match) => {
      const item = new vscode.CompletionItem(match, kinds.get(match));
      item.range = range;
      item.filterText = match;
      item.sortText = known.size > 0 ? `￿${match}` : undefined;
      return item;
    });
  }

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Hover | undefined> {
    const kernel = this.kernel(document);
    const range = document.getWordRangeAtPosition(position);
    if (!kernel || !range || this.asking.has(placeOf(document, position))) return undefined;
    const code = document.getText();
    const cursor_pos = toKernel(code, document.offsetAt(range.end));
    const [reply, others] = await Promise.all([
      withinPatience(kernel.requestInspect({ code, cursor_pos, detail_level: 0 })),
      this.ask<vscode.Hover[]>("vscode.executeHoverProvider", document, position),
    ]);
    if (reply?.content.status !== "ok" || !reply.content.found) return undefined;
    if (others?.some(isInformed)) return undefined;
    const text = plain(String(reply.content.data["text/plain"] ?? ""));
    return new vscode.Hover(new vscode.MarkdownString().appendCodeblock(text, "text"), range);
  }

  /** Returns the kernel if it would answer now. */
  private kernel(document: vscode.TextDocument) {
    const owner = vscode.workspace.notebookDocuments.find((notebook) =>
      notebook.getCells().some((cell) => cell.document === document),
    );
    const session = this.notebooks.get(owner);
    const isFree = session?.kernel?.status === "idle" && !session.isRunning;
    return isFree ? session.kernel : undefined;
  }

  /** Returns what the language servers say, so that nothing is said twice. */
  private async ask<T>(
    command: string,
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<T | undefined> {
    const place = placeOf(document, position);
    this.asking.add(place);
    try {
      // However slow they are, VS Code shows nothing before.
      return await vscode.commands.executeCommand<T>(command, document.uri, position);
    } finally {
      this.asking.delete(place);
    }
  }
}

function placeOf(document: vscode.TextDocument, { line, character }: vscode.Position): string {
  return `${document.uri}:${line}:${character}`;
}

/** Returns whether a language server knows a type: those for Python say "Unknown" otherwise. */
function isInformed({ contents }: vscode.Hover): boolean {
  const texts = contents.map((content) => (typeof content === "string" ? content : content.value));
  return !/: Unknown\b/.test(texts.join("\n"));
}

function nameOf(label: string | vscode.CompletionItemLabel): string {
  return typeof label === "string" ? label : label.label;
}

/** Returns the name that a kernel's completion ends with: some kernels repeat what is before it. */
function lastPart(match: string): string {
  return match.split(".").at(-1)!;
}

export function register(notebooks: Notebooks): vscode.Disposable[] {
  const provider = new Provider(notebooks);
  const cells = { notebookType: NOTEBOOK, language: "*" };
  return [
    vscode.languages.registerCompletionItemProvider(cells, provider, ".", "/", '"', "'", "%"),
    vscode.languages.registerHoverProvider(cells, provider),
  ];
}
