/** The outputs that go into Output widgets instead of below a cell. */

import type { State } from "../widgets/messages.ts";

/** A message of the kernel that may be an output. */
export interface OutputMessage {
  header: { msg_type: string };
  parent_header: { msg_id?: string };
  content: State;
}

/** Returns the output in the format of notebooks; undefined if the message is none. */
function toOutput({ header, content }: OutputMessage): State | undefined {
  const { data, metadata } = content;
  switch (header.msg_type) {
    case "stream":
      return { output_type: "stream", name: content.name, text: content.text };
    case "display_data":
      return { output_type: "display_data", data, metadata };
    case "execute_result": {
      const { execution_count } = content;
      return { output_type: "execute_result", data, metadata, execution_count };
    }
    case "error": {
      const { ename, evalue, traceback } = content;
      return { output_type: "error", ename, evalue, traceback };
    }
    default:
      return undefined;
  }
}

/** Returns the outputs with a further one; text continues text of the same stream. */
function append(outputs: State[], output: State): State[] {
  const last = outputs.at(-1);
  if (output.output_type !== "stream" || last?.name !== output.name) return [...outputs, output];
  return [...outputs.slice(0, -1), { ...output, text: last!.text + output.text }];
}

export class Capture {
  /** The widgets that take the outputs of a message; the last one gets them. */
  private readonly takers = new Map<string, string[]>();
  private readonly outputs = new Map<string, State[]>();
  /** The widgets to clear before their next output. */
  private readonly clearing = new Set<string>();
  private readonly changed = new Set<string>();

  clear(): void {
    this.takers.clear();
    this.outputs.clear();
    this.clearing.clear();
    this.changed.clear();
  }

  /** Records that the kernel set the state of an Output widget: which message it is to take the outputs
   * of, or what it shows. */
  set(widget: string, state: State): void {
    if (state.outputs !== undefined) this.outputs.set(widget, state.outputs);
    if (state.msg_id === undefined) return;
    for (const [message, takers] of this.takers) {
      const others = takers.filter((each) => each !== widget);
      if (others.length) this.takers.set(message, others);
      else this.takers.delete(message);
    }
    if (!state.msg_id) return;
    this.takers.set(state.msg_id, [...(this.takers.get(state.msg_id) ?? []), widget]);
  }

  /** Forgets a widget that the kernel closed. */
  close(widget: string): void {
    this.set(widget, { msg_id: "" });
    this.outputs.delete(widget);
    this.changed.delete(widget);
  }

  /** Returns whether a widget takes this message. */
  take(message: OutputMessage): boolean {
    const widget = this.takers.get(message.parent_header.msg_id ?? "")?.at(-1);
    if (widget === undefined) return false;
    if (message.header.msg_type === "clear_output") {
      if (message.content.wait) this.clearing.add(widget);
      else this.show(widget, []);
      return true;
    }
    const output = toOutput(message);
    if (!output) return false;
    const before = this.clearing.delete(widget) ? [] : this.shown(widget);
    this.show(widget, append(before, output));
    return true;
  }

  /** Returns the widgets whose outputs have changed since the last call. */
  takeChanged(): string[] {
    const changed = [...this.changed];
    this.changed.clear();
    return changed;
  }

  /** Returns the outputs of a widget. */
  shown(widget: string): State[] {
    return this.outputs.get(widget) ?? [];
  }

  private show(widget: string, outputs: State[]): void {
    this.outputs.set(widget, outputs);
    this.changed.add(widget);
  }
}
