/** The widgets of a kernel, as the kernel and its browsers last set them. */

import type { CommMessage, State } from "../widgets/messages.ts";

type Path = (string | number)[];

/** A widget's state without its buffers, which stand at the paths. */
export interface Model {
  target: string;
  metadata: State;
  state: State;
  paths: Path[];
  buffers: string[];
}

export class Models {
  private readonly models = new Map<string, Model>();

  get(id: string): Model | undefined {
    return this.models.get(id);
  }

  clear(): void {
    this.models.clear();
  }

  close(id: string): void {
    this.models.delete(id);
  }

  open(id: string, target: string, metadata: State, data: State, buffers: string[]): void {
    const { state, buffer_paths: paths = [] } = data;
    this.models.set(id, { target, metadata, state, paths, buffers });
  }

  /** Sets the parts of a widget's state that a message contains. */
  update(id: string, data: State, buffers: string[]): void {
    const model = this.models.get(id);
    if (!model) return;
    model.state = { ...model.state, ...data.state };
    const paths: Path[] = data.buffer_paths ?? [];
    // An attribute that has a buffer alone is not in the state.
    const set = new Set([...Object.keys(data.state), ...paths.map(([attribute]) => attribute)]);
    const kept = model.paths.map(([attribute]) => !set.has(attribute!));
    model.buffers = [...model.buffers.filter((_, index) => kept[index]), ...buffers];
    model.paths = [...model.paths.filter((_, index) => kept[index]), ...paths];
  }

  /** Takes the widgets that it does not know yet from a kernel's answer to `request_states`. */
  load(data: State, target: string, metadata: State, buffers: string[]): void {
    const paths: Path[] = data.buffer_paths ?? [];
    for (const [id, { state }] of Object.entries<State>(data.states)) {
      if (this.models.has(id)) continue;
      const own = paths.flatMap(([model], index) => (model === id ? [index] : []));
      this.models.set(id, {
        target,
        metadata,
        state,
        // The paths of an answer begin with the widget, and lead through its record.
        paths: own.map((index) => paths[index]!.slice(2)),
        buffers: own.map((index) => buffers[index]!),
      });
    }
  }

  /** Returns the messages that create all widgets. */
  opened(): CommMessage[] {
    return [...this.models].map(([id, { target, metadata, state, paths, buffers }]) => ({
      type: "comm_open",
      id: "",
      content: { comm_id: id, target_name: target, data: { state, buffer_paths: paths } },
      metadata,
      buffers,
    }));
  }
}
