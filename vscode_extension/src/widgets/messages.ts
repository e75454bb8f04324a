/** The messages between the widgets' renderer in a notebook's webview and this extension. */

/** Values of JSON, as comms exchange them. */
export type State = Record<string, any>;

/** A message of the kernel protocol that opens, uses or closes a comm, or a kernel's status. VS Code
 * passes JSON on, so buffers are base64. */
export interface CommMessage {
  type: "comm_open" | "comm_msg" | "comm_close" | "status";
  id: string;
  /** The id of the message that this one answers. */
  parent?: string;
  content: State;
  metadata: State;
  buffers: string[];
}

/** What the renderer is sent. */
export type ToRenderer =
  /** Whoever shows widgets should say hello. */
  | { type: "hello" }
  /** A kernel is there; these messages create all its widgets. */
  | { type: "start"; messages: CommMessage[] }
  /** The kernel said these. */
  | { type: "comms"; messages: CommMessage[] }
  /** What to show instead of a widget. */
  | { type: "fallback"; model: string; text: string; reason: string; link: string };

/** What the renderer sends. */
export type FromRenderer =
  /** The renderer has started. */
  | { type: "hello" }
  /** The kernel should get this. */
  | { type: "comm"; message: CommMessage }
  /** The widget cannot be shown; `module` is missing, else the model. */
  | { type: "fallback"; model: string; module?: string }
  | { type: "openInJupyterLab" };

/** The id of the renderer in the manifest. */
export const RENDERER = "jupyter-codeserver-proxy.widgets";
/** What a notebook stores to show a widget. */
export const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";

type Bytes = ArrayBuffer | ArrayBufferView;

/** Returns the bytes as base64. */
export function encode(bytes: Bytes): string {
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  let binary = "";
  for (const byte of view) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Returns the bytes of a base64. */
export function decode(base64: string): DataView<ArrayBuffer> {
  return new DataView(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)).buffer);
}
