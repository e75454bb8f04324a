/** Shows ipywidgets in the webview of a notebook. */

import type { ActivationFunction, RendererContext } from "vscode-notebook-renderer";

import { Manager } from "./widgets/manager.ts";
import type { FromRenderer, ToRenderer } from "./widgets/messages.ts";
import "./widgets/style.css";

/** An output that shows a widget, or will as soon as there is its model. */
interface Place {
  model: string;
  element: HTMLElement;
  signal: AbortSignal;
  /** Ends the widget, if one is shown. */
  end?: () => void;
  /** What is shown instead: the missing module, or an empty text if the model is missing. */
  missing?: string;
}

/** Loads the styles, which the build puts beside this module. */
function loadStyle(): Promise<void> {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("widgets.css", import.meta.url).href;
  return new Promise((resolve) => {
    link.onload = link.onerror = () => resolve();
    document.head.append(link);
  });
}

class Renderer {
  private readonly post: (message: FromRenderer) => void;
  private readonly manager: Manager;
  private readonly places = new Map<string, Place>();

  constructor(context: RendererContext<void>) {
    this.post = (message) => context.postMessage?.(message);
    this.manager = new Manager(context, (message) => this.post({ type: "comm", message }));
    context.onDidReceiveMessage?.((message: ToRenderer) => this.receive(message));
    this.post({ type: "hello" });
  }

  add(id: string, place: Place): Promise<void> {
    this.dispose(id);
    this.places.set(id, place);
    return this.show(place);
  }

  dispose(id?: string): void {
    for (const [each, place] of this.places) {
      if (id !== undefined && each !== id) continue;
      place.end?.();
      this.places.delete(each);
    }
  }

  private receive(message: ToRenderer): void {
    if (message.type === "hello") this.post({ type: "hello" });
    else if (message.type === "fallback") this.showFallback(message);
    else {
      if (message.type === "start") this.manager.begin(message.messages);
      else message.messages.forEach((each) => this.manager.receive(each));
      for (const place of this.places.values()) void this.show(place);
    }
  }

  /** Shows the widget if there is one, else asks what to show instead. */
  private async show(place: Place): Promise<void> {
    if (place.end) return;
    const { manager } = this;
    const { model } = place;
    const module = manager.missingModule(model);
    if (module !== undefined || !manager.has_model(model)) {
      if (place.missing === (module ?? "")) return;
      place.missing = module ?? "";
      this.post({ type: "fallback", model, module });
      return;
    }
    place.end = () => {};
    const element = place.element.appendChild(document.createElement("div"));
    place.end = await manager.show(model, element);
    if (place.signal.aborted) place.end();
    else place.element.replaceChildren(element);
  }

  private showFallback(fallback: ToRenderer & { type: "fallback" }): void {
    for (const { model, element, end } of this.places.values()) {
      if (model !== fallback.model || end) continue;
      const text = document.createElement("pre");
      text.textContent = fallback.text;
      const link = document.createElement("a");
      link.href = "#";
      link.textContent = fallback.link;
      link.onclick = (event) => {
        event.preventDefault();
        event.stopPropagation();
        this.post({ type: "openInJupyterLab" });
      };
      const line = document.createElement("p");
      line.append(`${fallback.reason} `, link);
      element.replaceChildren(text, line);
    }
  }
}

export const activate: ActivationFunction<void> = async (context) => {
  await loadStyle();
  const renderer = new Renderer(context);
  return {
    async renderOutputItem(item, element, signal) {
      await renderer.add(item.id, { model: item.json().model_id, element, signal });
    },
    disposeOutputItem: (id) => renderer.dispose(id),
  };
};
