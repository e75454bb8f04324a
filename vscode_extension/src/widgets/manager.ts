/** Keeps the widgets of one notebook, and connects them to their kernel. */

import type { WidgetModel, WidgetView, DOMWidgetModel, ICallbacks } from "@jupyter-widgets/base";
import * as base from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import * as controls from "@jupyter-widgets/controls";
import { MessageLoop } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import type { RendererContext } from "vscode-notebook-renderer";

import { Comm, toJupyter } from "./comm.ts";
import type { CommMessage, State } from "./messages.ts";
import * as output from "./output.ts";

type Class = typeof WidgetModel | typeof WidgetView;

/** The modules of widgets that VS Code can show, by name and major version. */
const MODULES: Record<string, object> = {
  "@jupyter-widgets/base 2": base,
  "@jupyter-widgets/controls 2": controls,
  "@jupyter-widgets/output 1": output,
};

function find(module: string, version: string): Record<string, Class> | undefined {
  const major = /\d+/.exec(version)?.[0];
  return MODULES[`${module} ${major}`] as Record<string, Class> | undefined;
}

export class Manager extends ManagerBase {
  /** VS Code's side, for the views that show what VS Code renders itself. */
  readonly context: RendererContext<void>;
  private readonly post: (message: CommMessage) => void;
  private readonly comms = new Map<string, Comm>();
  private readonly callbacksOf = new Map<string, ICallbacks>();
  /** The module that VS Code lacks for a model. */
  private readonly missing = new Map<string, string>();

  constructor(context: RendererContext<void>, post: (message: CommMessage) => void) {
    super();
    this.context = context;
    this.post = post;
  }

  /** Handles what the kernel says. */
  receive(message: CommMessage): void {
    const id: string = message.content.comm_id;
    if (message.type === "comm_open") this.open(id, message);
    else if (message.type === "status") this.settle(message);
    else this.comms.get(id)?.receive(message);
    if (message.type === "comm_close") this.comms.delete(id);
  }

  /** Continues with the kernel that these messages tell of. Widgets of another kernel stay on the
   * screen, marked as disconnected. */
  begin(messages: CommMessage[]): void {
    const live = new Set(messages.map(({ content }) => content.comm_id));
    for (const id of this.comms.keys()) {
      if (live.has(id)) continue;
      this.comms.delete(id);
      void this.get_model(id).then((model) => (model.comm_live = false));
    }
    messages.forEach((message) => this.receive(message));
  }

  /** Returns the module that VS Code lacks for a model; undefined if it has it. */
  missingModule(model: string): string | undefined {
    return this.missing.get(model);
  }

  /** Shows the model in an element, and returns a function that ends it. */
  async show(id: string, element: HTMLElement): Promise<() => void> {
    const model = (await this.get_model(id)) as DOMWidgetModel;
    const view = await this.create_view(model);
    Widget.attach(view.luminoWidget, element);
    const resized = new ResizeObserver(() =>
      MessageLoop.postMessage(view.luminoWidget, Widget.ResizeMessage.UnknownSize),
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      view.remove();
    };
  }

  private open(id: string, message: CommMessage): void {
    if (this.has_model(id)) {
      const data = { method: "update", ...message.content.data };
      this.comms.get(id)?.receive({ ...message, type: "comm_msg", content: { data } });
      return;
    }
    const { _model_module: module, _model_module_version: version } = message.content.data.state;
    if (!find(module, version)) this.missing.set(id, `${module} ${version}`);
    const comm = this.createComm(id, message.content.target_name);
    this.handle_comm_open(comm, toJupyter(message) as never).catch(console.error);
  }

  private createComm(id: string, target: string): Comm {
    const comm = new Comm(id, target, (message, callbacks) => {
      if (!this.comms.has(id)) return; // its kernel has gone
      if (callbacks) this.callbacksOf.set(message.id, callbacks);
      this.post(message);
    });
    this.comms.set(id, comm);
    return comm;
  }

  /** Tells a model that the kernel has handled its message, so that it may send the next. */
  private settle(message: CommMessage): void {
    const callbacks = this.callbacksOf.get(message.parent ?? "");
    callbacks?.iopub?.["status"]?.(toJupyter(message) as never);
    if (message.content.execution_state === "idle") this.callbacksOf.delete(message.parent ?? "");
  }

  protected override async loadClass(name: string, module: string, version: string) {
    const found = find(module, version)?.[name];
    if (!found) throw new Error(`VS Code has no ${name} of ${module} ${version}.`);
    return found;
  }

  protected override async _create_comm(
    target: string,
    id: string = crypto.randomUUID(),
    data?: State,
    metadata?: State,
    buffers?: ArrayBuffer[],
  ): Promise<Comm> {
    const comm = this.createComm(id, target);
    if (data) comm.open(data, undefined, metadata, buffers);
    return comm;
  }

  protected override async _get_comm_info(): Promise<Record<string, never>> {
    return {}; // The extension knows the kernel's widgets, and opens them here.
  }
}
