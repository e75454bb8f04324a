/** Widgets and their kernel, through `src/kernels/comms.ts` and what it is made of. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import {
  Comms,
  type Published,
} from "../../vscode_extension/src/kernels/comms.ts";
import {
  decode,
  encode,
  type CommMessage,
  type State,
  type ToRenderer,
} from "../../vscode_extension/src/widgets/messages.ts";

const OUTPUT = { _model_module: "@jupyter-widgets/output" };
const CELL = "execute_request of a cell";

let toKernel: CommMessage[];
let toRenderers: ToRenderer[];
let comms: Comms;

beforeEach(() => {
  toKernel = [];
  toRenderers = [];
  comms = new Comms({
    toKernel: (message) => void toKernel.push(message),
    toRenderers: (message) => void toRenderers.push(message),
  });
});

afterEach(() => comms.dispose());

function published(
  type: string,
  content: State,
  more: Partial<Published> = {},
): Published {
  const header = { msg_id: "from the kernel", msg_type: type };
  return {
    header,
    parent_header: { msg_id: CELL },
    content,
    metadata: {},
    ...more,
  };
}

function open(id: string, state: State, more: Partial<Published> = {}): void {
  const data = {
    state,
    buffer_paths: more.buffers?.map(() => ["value"]) ?? [],
  };
  const content = { comm_id: id, target_name: "jupyter.widget", data };
  comms.receive(published("comm_open", content, more));
}

function update(
  id: string,
  state: State,
  method = "update",
  more: Partial<Published> = {},
): void {
  const data = { method, state, buffer_paths: [] };
  comms.receive(published("comm_msg", { comm_id: id, data }, more));
}

function print(text: string, parent = CELL): boolean {
  const content = { name: "stdout", text };
  return comms.receive(
    published("stream", content, { parent_header: { msg_id: parent } }),
  );
}

/** Returns what a renderer that starts now learns of the kernel's widgets. */
function known(): Record<string, State> {
  const start = comms.start();
  assert.equal(start.type, "start");
  return Object.fromEntries(
    start.messages.map(({ content }) => [content.comm_id, content.data.state]),
  );
}

function told(): CommMessage[] {
  return toRenderers.flatMap((each) =>
    "messages" in each ? each.messages : [],
  );
}

/** Returns what renderers are told, once they are told so many messages. */
async function untilTold(count: number): Promise<CommMessage[]> {
  while (told().length < count)
    await new Promise((resolve) => setTimeout(resolve, 1));
  return told();
}

test("a renderer that starts later gets the state that the kernel set last", () => {
  open("slider", { min: 0, value: 1 });
  update("slider", { value: 2 });
  update("slider", { value: 3 }, "echo_update");
  update("slider", { value: 9 }, "custom");
  assert.deepEqual(known(), { slider: { min: 0, value: 3 } });
});

test("a renderer that starts later gets the state that another renderer set", () => {
  open("slider", { value: 1 });
  const data = { method: "update", state: { value: 4 }, buffer_paths: [] };
  const content = { comm_id: "slider", data };
  const message: CommMessage = {
    type: "comm_msg",
    id: "a",
    content,
    metadata: {},
    buffers: [],
  };
  comms.send(message);
  assert.deepEqual(known(), { slider: { value: 4 } });
  assert.deepEqual(toKernel[0], message);
});

test("a widget that the kernel closed, and comms of others, are not there", () => {
  open("slider", {});
  comms.receive(published("comm_close", { comm_id: "slider", data: {} }));
  comms.receive(
    published("comm_open", {
      comm_id: "a",
      target_name: "matplotlib",
      data: {},
    }),
  );
  assert.deepEqual(known(), {});
});

test("buffers are kept until their attribute is set anew", () => {
  open("image", { format: "png" }, { buffers: [new Uint8Array([1, 2])] });
  update("image", { format: "jpeg" });
  const buffers = () => {
    const { messages } = comms.start() as ToRenderer & { type: "start" };
    return messages.flatMap((each) => each.buffers);
  };
  assert.deepEqual(buffers(), [encode(new Uint8Array([1, 2]))]);
  update("image", { value: null });
  assert.deepEqual(buffers(), []);
});

test("bytes survive their way as text", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.deepEqual(new Uint8Array(decode(encode(bytes)).buffer), bytes);
  assert.equal(encode(new DataView(bytes.buffer, 65, 2)), btoa("AB"));
});

test("the first renderer makes the kernel tell of the widgets from before", () => {
  comms.start();
  comms.start();
  const [opened, request, ...others] = toKernel;
  assert.deepEqual(others, []);
  assert.equal(opened!.content.target_name, "jupyter.widget.control");
  assert.equal(request!.content.data.method, "request_states");
  const { comm_id } = opened!.content;
  const states = {
    image: { model_name: "ImageModel", state: { format: "png" } },
  };
  const data = {
    method: "update_states",
    states,
    buffer_paths: [["image", "state", "value"]],
  };
  const buffers = [new Uint8Array([1])];
  comms.receive(published("comm_msg", { comm_id, data }, { buffers }));
  const [start] = toRenderers;
  assert.equal(start!.type, "start");
  const message = (start as ToRenderer & { type: "start" }).messages[0]!;
  assert.deepEqual(message.content.data, {
    state: { format: "png" },
    buffer_paths: [["value"]],
  });
  assert.deepEqual(message.buffers, [encode(buffers[0]!)]);
});

test("a renderer is told when the kernel has handled its message, and of no other", async () => {
  open("slider", {});
  const content = { comm_id: "slider", data: { method: "custom" } };
  comms.send({
    type: "comm_msg",
    id: "mine",
    content,
    metadata: {},
    buffers: [],
  });
  const idle = { execution_state: "idle" };
  comms.receive(published("status", idle));
  comms.receive(
    published("status", idle, { parent_header: { msg_id: "mine" } }),
  );
  assert.deepEqual(
    (await untilTold(2)).map(({ type, parent }) => [type, parent]),
    [
      ["comm_open", CELL],
      ["status", "mine"],
    ],
  );
});

test("an Output widget takes what its message prints, and nothing else", async () => {
  open("output", { ...OUTPUT, msg_id: "" });
  assert.equal(print("before"), false);
  update("output", { msg_id: CELL });
  assert.equal(print("a"), true);
  assert.equal(print("b"), true);
  assert.equal(print("other", "another cell"), false);
  update("output", { msg_id: "" });
  assert.equal(print("after"), false);
  const outputs = [{ output_type: "stream", name: "stdout", text: "ab" }];
  assert.deepEqual((await untilTold(4)).at(-1)!.content.data.state, {
    outputs,
  });
  assert.deepEqual(toKernel[0]!.content.data.state, { outputs });
  assert.deepEqual(known().output!.outputs, outputs);
});

test("the inner one of two Output widgets takes the output", () => {
  for (const id of ["outer", "inner"]) open(id, { ...OUTPUT, msg_id: CELL });
  print("in");
  update("inner", { msg_id: "" });
  print("out");
  const texts = ["outer", "inner"].map((id) => comms.outputs(id)[0]!.text);
  assert.deepEqual(texts, ["out", "in"]);
});

test("an Output widget that waits is cleared by its next output", () => {
  open("output", { ...OUTPUT, msg_id: CELL });
  print("old");
  const clear = (wait: boolean) =>
    comms.receive(published("clear_output", { wait }));
  assert.equal(clear(true), true);
  assert.equal(comms.outputs("output")[0]!.text, "old");
  print("new");
  assert.deepEqual(
    comms.outputs("output").map(({ text }) => text),
    ["new"],
  );
  clear(false);
  assert.deepEqual(comms.outputs("output"), []);
});

test("an echo of older outputs does not replace newer ones", () => {
  open("output", { ...OUTPUT, msg_id: CELL });
  print("a");
  update("output", { outputs: [] }, "echo_update");
  assert.equal(comms.outputs("output")[0]!.text, "a");
  update("output", { outputs: [] });
  assert.deepEqual(comms.outputs("output"), []);
});

test("a restarted kernel has no widgets", () => {
  open("output", { ...OUTPUT, msg_id: CELL });
  comms.restart();
  assert.deepEqual(toRenderers.at(-1), { type: "start", messages: [] });
  assert.deepEqual(known(), {});
  assert.equal(print("a"), false);
});
