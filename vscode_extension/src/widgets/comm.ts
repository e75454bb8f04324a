/** A comm of the kernel, as ipywidgets' models use it. */

import type { IClassicComm, ICallbacks } from "@jupyter-widgets/base";

import { decode, encode, type CommMessage, type State } from "./messages.ts";

type Bytes = ArrayBuffer | ArrayBufferView;
type Listener = (message: unknown) => void;

/** Sends a message to the kernel. */
export type Send = (message: CommMessage, callbacks?: ICallbacks) => void;

/** Returns a message in the form that ipywidgets expects. */
export function toJupyter(message: CommMessage) {
  return {
    header: { msg_id: message.id, msg_type: message.type },
    parent_header: { msg_id: message.parent },
    // Each model changes the state that it gets.
    content: structuredClone(message.content),
    metadata: message.metadata,
    buffers: message.buffers.map(decode),
  };
}

export class Comm implements IClassicComm {
  readonly comm_id: string;
  readonly target_name: string;
  private readonly sendToKernel: Send;
  private onMessage: Listener | undefined;
  private onClose: Listener | undefined;
  /** What arrives before the model that opened this comm has been loaded. */
  private early: CommMessage[] = [];

  constructor(id: string, target: string, send: Send) {
    this.comm_id = id;
    this.target_name = target;
    this.sendToKernel = send;
  }

  open(data: unknown, callbacks?: ICallbacks, metadata?: State, buffers?: Bytes[]): string {
    const content = { target_name: this.target_name, data };
    return this.post("comm_open", content, callbacks, metadata, buffers);
  }

  send(data: unknown, callbacks?: ICallbacks, metadata?: State, buffers?: Bytes[]): string {
    return this.post("comm_msg", { data }, callbacks, metadata, buffers);
  }

  close(data?: unknown, callbacks?: ICallbacks, metadata?: State, buffers?: Bytes[]): string {
    return this.post("comm_close", { data: data ?? {} }, callbacks, metadata, buffers);
  }

  on_msg(listener: Listener): void {
    this.onMessage = listener;
    this.early.splice(0).forEach((message) => this.receive(message));
  }

  on_close(listener: Listener): void {
    this.onClose = listener;
  }

  /** Passes what the kernel said to the model. */
  receive(message: CommMessage): void {
    if (!this.onMessage) this.early.push(message);
    else if (message.type === "comm_close") this.onClose?.(toJupyter(message));
    else this.onMessage(toJupyter(message));
  }

  private post(
    type: CommMessage["type"],
    content: State,
    callbacks?: ICallbacks,
    metadata: State = {},
    buffers: Bytes[] = [],
  ): string {
    const id = crypto.randomUUID();
    const whole = { comm_id: this.comm_id, ...content };
    const encoded = buffers.map(encode);
    this.sendToKernel({ type, id, content: whole, metadata, buffers: encoded }, callbacks);
    return id;
  }
}
