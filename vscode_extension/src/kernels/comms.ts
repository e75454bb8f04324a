/** Connects the widgets of a notebook with its kernel. */

import { randomUUID } from "node:crypto";

import { encode, type CommMessage, type State, type ToRenderer } from "../widgets/messages.ts";
import { Capture, type OutputMessage } from "./capture.ts";
import { Models } from "./models.ts";

const WIDGET = "jupyter.widget";
const CONTROL = "jupyter.widget.control";
const CONTROL_VERSION = { version: "1.0.0" };
const WIDGET_VERSION = { version: "2.1.0" };
const OUTPUT = "@jupyter-widgets/output";
const COLLECT = 20; // milliseconds

/** A message that the kernel publishes. */
export interface Published extends OutputMessage {
  header: { msg_id: string; msg_type: string };
  metadata: object;
  buffers?: (ArrayBuffer | ArrayBufferView)[];
}

/** Both sides of a notebook's widgets: its kernel, and the renderers in its editors. */
export interface Sides {
  toKernel(message: CommMessage): void;
  toRenderers(message: ToRenderer): void;
}

export class Comms {
  private readonly sides: Sides;
  private readonly models = new Models();
  private readonly capture = new Capture();
  /** What renderers sent and the kernel has not handled. */
  private readonly sent = new Set<string>();
  private control: string | undefined;
  private collected: CommMessage[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(sides: Sides) {
    this.sides = sides;
  }

  /** Forgets all widgets, since their kernel has restarted. */
  restart(): void {
    this.dispose();
    for (const each of [this.models, this.capture, this.sent]) each.clear();
    this.collected = [];
    this.control = undefined;
    this.sides.toRenderers({ type: "start", messages: [] });
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Returns what a new renderer has to know. The first one also makes the kernel tell of widgets from
   * before this window. */
  start(): ToRenderer {
    if (this.control === undefined) this.requestStates();
    return { type: "start", messages: this.models.opened() };
  }

  /** Returns what an Output widget shows. */
  outputs(widget: string): State[] {
    return this.capture.shown(widget);
  }

  /** Sends the kernel what a renderer says. */
  send(message: CommMessage): void {
    const { comm_id: id, data } = message.content;
    this.sent.add(message.id);
    if (data.method === "update") this.models.update(id, data, message.buffers);
    this.sides.toKernel(message);
  }

  /** Handles what the kernel publishes. Returns whether an Output widget took it, so that the cell does
   * not show it as well. */
  receive(published: Published): boolean {
    switch (published.header.msg_type) {
      case "comm_open":
      case "comm_msg":
      case "comm_close":
        this.receiveComm(published);
        return false;
      case "status":
        this.receiveStatus(published);
        return false;
      default: {
        const isTaken = this.capture.take(published);
        if (isTaken) this.flushSoon();
        return isTaken;
      }
    }
  }

  private receiveComm(published: Published): void {
    const { comm_id: id, data = {}, target_name: target } = published.content;
    const message = toComm(published);
    const { type, metadata, buffers } = message;
    if (type === "comm_open") {
      if (target !== WIDGET) return;
      this.models.open(id, target, metadata, data, buffers);
      this.setOutput(id, data.state);
    } else if (!this.models.get(id)) {
      if (id === this.control && type === "comm_msg") this.loadStates(data, buffers);
      return;
    } else if (type === "comm_close") {
      this.models.close(id);
      this.capture.close(id);
    } else if (data.method === "echo_update" && this.isOutput(id) && "outputs" in data.state) {
      return; // Every browser collects all outputs itself, so what another has set is older.
    } else if (data.method !== "custom") {
      this.models.update(id, data, buffers);
      this.setOutput(id, data.state);
    }
    this.collect(message);
  }

  private isOutput(id: string): boolean {
    return this.models.get(id)?.state._model_module === OUTPUT;
  }

  private setOutput(id: string, state: State): void {
    if (this.isOutput(id)) this.capture.set(id, state);
  }

  private receiveStatus(published: Published): void {
    if (published.content.execution_state === "starting") this.restart(); // by another window
    const parent = published.parent_header.msg_id ?? "";
    if (!this.sent.has(parent)) return;
    if (published.content.execution_state === "idle") this.sent.delete(parent);
    this.collect(toComm(published));
  }

  private requestStates(): void {
    const control = (this.control = randomUUID());
    const send = (type: CommMessage["type"], content: State, metadata = {}) =>
      this.sides.toKernel({
        type,
        id: randomUUID(),
        content: { comm_id: control, ...content },
        metadata,
        buffers: [],
      });
    send("comm_open", { target_name: CONTROL, data: {} }, CONTROL_VERSION);
    send("comm_msg", { data: { method: "request_states" } });
  }

  private loadStates(data: State, buffers: string[]): void {
    if (data.method !== "update_states") return;
    this.models.load(data, WIDGET, WIDGET_VERSION, buffers);
    const messages = this.models.opened();
    for (const { content } of messages) this.setOutput(content.comm_id, content.data.state);
    this.flush();
    this.sides.toRenderers({ type: "start", messages });
  }

  /** Sends renderers a message: the first at once, those that follow together, since a post costs more
   * than its content. */
  private collect(message: CommMessage): void {
    this.collected.push(message);
    if (!this.timer) this.flush();
    this.flushSoon();
  }

  private flushSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.flush();
    }, COLLECT);
  }

  private flush(): void {
    const outputs = this.capture.takeChanged().map((widget) => this.setOutputs(widget));
    const messages = [...this.collected.splice(0), ...outputs];
    if (messages.length) this.sides.toRenderers({ type: "comms", messages });
  }

  /** Tells the kernel what an Output widget shows, and returns the message for renderers. */
  private setOutputs(widget: string): CommMessage {
    const state = { outputs: this.outputs(widget) };
    const data = { method: "update", state, buffer_paths: [] };
    this.models.update(widget, data, []);
    const message: CommMessage = {
      type: "comm_msg",
      id: randomUUID(),
      content: { comm_id: widget, data },
      metadata: {},
      buffers: [],
    };
    this.sides.toKernel(message);
    return message;
  }
}

function toComm(published: Published): CommMessage {
  const { header, parent_header, content, metadata, buffers = [] } = published;
  return {
    type: header.msg_type as CommMessage["type"],
    id: header.msg_id,
    parent: parent_header.msg_id,
    content,
    metadata,
    buffers: buffers.map(encode),
  };
}
