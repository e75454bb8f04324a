/** The Output widget, whose contents VS Code's own renderers show. */

import { OutputModel as BaseModel, OutputView as BaseView } from "@jupyter-widgets/output";

import type { Manager } from "./manager.ts";
import { WIDGET_VIEW, type State } from "./messages.ts";

const BUILT_IN = "vscode.builtin-renderer";
const MARKDOWN = "vscode.markdown-it-renderer";
/** The renderer of each kind of output; VS Code shows the first that an output has. */
const RENDERERS: Record<string, string> = {
  "text/html": BUILT_IN,
  "image/svg+xml": BUILT_IN,
  "text/latex": MARKDOWN,
  "text/markdown": MARKDOWN,
  "image/png": BUILT_IN,
  "image/jpeg": BUILT_IN,
  "image/gif": BUILT_IN,
  "text/plain": BUILT_IN,
};
const ERROR = "application/vnd.code.notebook.error";
const STREAMS: Record<string, string> = {
  stdout: "application/vnd.code.notebook.stdout",
  stderr: "application/vnd.code.notebook.stderr",
};

function join(text: string | string[]): string {
  return Array.isArray(text) ? text.join("") : text;
}

/** Returns the item by which VS Code shows an output: its kind, text or base64, and metadata. */
function choose(output: State): { mime: string; value: string; metadata: unknown } | undefined {
  if (output.output_type === "stream") {
    return { mime: STREAMS[output.name]!, value: join(output.text), metadata: {} };
  }
  if (output.output_type === "error") {
    const { ename: name, evalue: message, traceback } = output;
    const value = JSON.stringify({ name, message, stack: traceback.join("\n") });
    return { mime: ERROR, value, metadata: {} };
  }
  const mime = Object.keys(RENDERERS).find((each) => each in output.data);
  if (mime === undefined) return undefined;
  return { mime, value: join(output.data[mime]), metadata: output.metadata ?? {} };
}

function toBytes(mime: string, value: string): Uint8Array<ArrayBuffer> {
  const isBase64 = mime.startsWith("image/") && mime !== "image/svg+xml";
  if (!isBase64) return new TextEncoder().encode(value);
  return Uint8Array.from(atob(value), (char) => char.charCodeAt(0));
}

export class OutputModel extends BaseModel {
  override defaults() {
    return { ...super.defaults(), msg_id: "", outputs: [] };
  }
}

export class OutputView extends BaseView {
  private ends: (() => void)[] = [];
  private rendering = new AbortController();

  override render(): void {
    super.render();
    this.el.classList.add("jupyter-widgets", "widget-output");
    this.listenTo(this.model, "change:outputs", () => void this.showOutputs());
    void this.showOutputs();
  }

  override remove(): this {
    this.end();
    return super.remove() as this;
  }

  private end(): void {
    this.rendering.abort();
    this.ends.splice(0).forEach((end) => end());
  }

  /** Renders all outputs, and then puts them in the place of those before. */
  private async showOutputs(): Promise<void> {
    this.rendering.abort();
    const { signal } = (this.rendering = new AbortController());
    const ends: (() => void)[] = [];
    const outputs: State[] = this.model.get("outputs");
    const container = document.createElement("div");
    container.hidden = true;
    this.el.append(container);
    await Promise.all(
      outputs.map((output) => {
        const place = container.appendChild(document.createElement("div"));
        // VS Code would continue text in an element beside the parent of this one.
        const element = document.createElement("div");
        place.appendChild(document.createElement("div")).append(element);
        return this.showOutput(output, element, signal, ends);
      }),
    );
    if (signal.aborted) {
      ends.forEach((end) => end());
      container.remove();
      return;
    }
    this.ends.splice(0).forEach((end) => end());
    this.ends = ends;
    this.el.replaceChildren(container);
    container.hidden = false;
  }

  private async showOutput(
    output: State,
    element: HTMLElement,
    signal: AbortSignal,
    ends: (() => void)[],
  ): Promise<void> {
    const manager = this.model.widget_manager as unknown as Manager;
    const model: string | undefined = output.data?.[WIDGET_VIEW]?.model_id;
    if (model && manager.has_model(model)) {
      ends.push(await manager.show(model, element));
      return;
    }
    const item = choose(output);
    if (!item) return;
    const { mime, value, metadata } = item;
    const renderer = await manager.context.getRenderer(RENDERERS[mime] ?? BUILT_IN);
    const bytes = toBytes(mime, value);
    const rendered = {
      id: crypto.randomUUID(),
      mime,
      metadata,
      text: () => value,
      json: () => JSON.parse(value),
      data: () => bytes,
      blob: () => new Blob([bytes], { type: mime }),
    };
    await renderer?.renderOutputItem(rendered, element, signal);
    ends.push(() => renderer?.disposeOutputItem?.(rendered.id));
  }
}
