/** The widgets of all notebooks in this window, and the renderers that show them. */

import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { createMessage } from "@jupyterlab/services/lib/kernel/messages";
import * as vscode from "vscode";

import {
  decode,
  RENDERER,
  type CommMessage,
  type FromRenderer,
  type ToRenderer,
} from "../widgets/messages.ts";
import { Comms } from "./comms.ts";

function send(kernel: Kernel.IKernelConnection, message: CommMessage): void {
  if (kernel.isDisposed) return;
  const { type: msgType, id: msgId, content, metadata, buffers } = message;
  const session = kernel.clientId;
  const options = { msgType, msgId, session, channel: "shell", content, metadata };
  const whole = { ...options, buffers: buffers.map(decode) };
  const created = createMessage<KernelMessage.ICommMsgMsg<"shell">>(whole as any);
  kernel.sendShellMessage(created, false, true);
}

export class Widgets implements vscode.Disposable {
  private readonly messaging = vscode.notebooks.createRendererMessaging(RENDERER);
  private readonly listener: vscode.Disposable;
  private readonly comms = new Map<vscode.NotebookDocument, Comms>();
  /** The editors whose renderer has said hello; several may show one notebook. */
  private readonly editors = new Set<vscode.NotebookEditor>();

  constructor() {
    this.listener = this.messaging.onDidReceiveMessage(({ editor, message }) =>
      this.receive(editor, message as FromRenderer),
    );
    // Renderers that have started before may have said it to nobody.
    void this.messaging.postMessage({ type: "hello" } satisfies ToRenderer);
  }

  /** Returns the connection of a notebook's widgets with its kernel, which replaces the one before. */
  connect(notebook: vscode.NotebookDocument, kernel: Kernel.IKernelConnection): Comms {
    this.disconnect(notebook);
    const comms = new Comms({
      toKernel: (message) => send(kernel, message),
      toRenderers: (message) => this.post(notebook, message),
    });
    this.comms.set(notebook, comms);
    kernel.statusChanged.connect((_, status) => {
      if (["autorestarting", "dead", "restarting"].includes(status)) comms.restart();
    });
    const isSeen = [...this.editors].some((editor) => editor.notebook === notebook);
    if (isSeen) this.post(notebook, comms.start());
    return comms;
  }

  /** Forgets the kernel of a notebook. */
  disconnect(notebook: vscode.NotebookDocument): void {
    this.comms.get(notebook)?.dispose();
    this.comms.delete(notebook);
  }

  dispose(): void {
    this.listener.dispose();
    for (const notebook of this.comms.keys()) this.disconnect(notebook);
  }

  private receive(editor: vscode.NotebookEditor, message: FromRenderer): void {
    const comms = this.comms.get(editor.notebook);
    if (message.type === "hello") {
      for (const each of this.editors) if (each.notebook.isClosed) this.editors.delete(each);
      this.editors.add(editor);
      if (comms) void this.messaging.postMessage(comms.start(), editor);
    } else if (message.type === "comm") comms?.send(message.message);
  }

  private post(notebook: vscode.NotebookDocument, message: ToRenderer): void {
    for (const editor of this.editors) {
      if (editor.notebook !== notebook) continue;
      void this.messaging.postMessage(message, editor).then((isThere) => {
        if (!isThere) this.editors.delete(editor);
      });
    }
  }
}
