/** How a kernel is chosen, and how its messages become the outputs of cells. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import { choose } from "../../vscode_extension/src/kernels/choice.ts";
import {
  cellLanguage,
  cellLanguages,
} from "../../vscode_extension/src/kernels/language.ts";
import { toItems } from "../../vscode_extension/src/kernels/mime.ts";
import {
  fromKernel,
  plain,
  toKernel,
} from "../../vscode_extension/src/kernels/positions.ts";
import { overwritten } from "../../vscode_extension/src/kernels/outputs.ts";
import { Run, Runs } from "../../vscode_extension/src/kernels/runs.ts";
import {
  claim,
  find,
  save,
  SavedFile,
} from "../../vscode_extension/src/kernels/saved.ts";

const PYTHON = {
  name: "python3",
  display_name: "Python 3",
  language: "python",
};
const R = { name: "ir", display_name: "R", language: "R" };

type Message = Parameters<Runs<string>["receive"]>[0];

/** Returns a message of the kernel about the request with this id. */
function message(parent: string, type: string, content: object = {}): Message {
  const header = {
    msg_type: type,
    msg_id: "",
    session: "",
    date: "",
    username: "",
    version: "",
  };
  return {
    header,
    parent_header: { msg_id: parent },
    content,
    metadata: {},
    channel: "iopub",
  } as never;
}

/** Returns runs of the cells "a", "b", …, with the ids "1", "2", …, and what was reported of them. */
function running(...cells: string[]) {
  const log: string[] = [];
  const runs = new Runs<string>({
    started: ({ cell, executionOrder }) =>
      log.push(`${cell} started ${executionOrder ?? ""}`.trim()),
    changed: ({ cell }) => log.push(`${cell} changed`),
    ended: ({ cell, success }) => log.push(`${cell} ended ${success}`),
    asked: ({ cell }) => log.push(`${cell} asked`),
  });
  const all = cells.map((cell, index) => new Run(String(index + 1), cell));
  for (const run of all) runs.add(run);
  return { log, runs, all };
}

function print(parent: string, text: string, name = "stdout"): Message {
  return message(parent, "stream", { name, text });
}

function display(
  parent: string,
  text: string,
  id?: string,
  type = "display_data",
): Message {
  const content = {
    data: { "text/plain": text },
    metadata: {},
    transient: { display_id: id },
  };
  return message(parent, type, content);
}

test("a notebook gets the kernel that it names, else one of its language, else the default", () => {
  const all = [R, PYTHON];
  assert.deepEqual(choose(all, "ir", { kernelspec: { name: "python3" } }), {
    chosen: PYTHON,
  });
  const other = {
    name: "python2",
    display_name: "Python 2",
    language: "Python",
  };
  assert.deepEqual(choose(all, "ir", { kernelspec: other }), {
    chosen: PYTHON,
    missing: "Python 2",
  });
  assert.deepEqual(
    choose(all, "ir", { language_info: { name: "python" } }).chosen,
    PYTHON,
  );
  assert.deepEqual(choose(all, "ir", {}).chosen, R);
  const unknown = choose(all, "ir", { kernelspec: { name: "cobol" } });
  assert.deepEqual(unknown, { chosen: undefined, missing: "cobol" });
});

test("each message goes to the run that caused it", () => {
  const { log, runs, all } = running("a", "b");
  runs.receive(message("1", "status", { execution_state: "busy" }));
  runs.receive(message("1", "execute_input", { execution_count: 7 }));
  runs.receive(print("1", "from a"));
  runs.receive(message("1", "execute_reply", { status: "error" }));
  runs.receive(message("2", "execute_reply", { status: "aborted" }));
  runs.receive(message("1", "status", { execution_state: "idle" }));
  runs.receive(message("2", "status", { execution_state: "idle" }));
  runs.receive(
    message("elsewhere", "stream", {
      name: "stdout",
      text: "of another window",
    }),
  );
  assert.deepEqual(log, [
    "a started 7",
    "a changed",
    "a ended false",
    "b ended undefined",
  ]);
  assert.deepEqual(runs.active, []);
  assert.deepEqual(all[0].outputs.list, [
    { type: "stream", name: "stdout", text: "from a" },
  ]);
});

test("a run has not ended before its last output, whichever message comes first", () => {
  const { log, runs } = running("a");
  runs.receive(message("1", "execute_reply", { status: "ok" }));
  runs.receive(print("1", "last"));
  assert.ok(!log.includes("a ended true"));
  runs.receive(message("1", "status", { execution_state: "idle" }));
  assert.equal(log.at(-1), "a ended true");
});

test("text of one stream is one output, and only what is new is shown", () => {
  const { runs, all } = running("a");
  const { outputs } = all[0];
  runs.receive(print("1", "one "));
  runs.receive(print("1", "two "));
  const [first] = outputs.take().list;
  assert.equal(first.kind, "added");
  runs.receive(print("1", "three "));
  runs.receive(print("1", "four"));
  runs.receive(print("1", "bad", "stderr"));
  const { isCleared, list } = outputs.take();
  assert.equal(isCleared, false);
  assert.deepEqual(
    list.map((change) => [change.kind, "text" in change ? change.text : ""]),
    [
      ["extended", "three four"],
      ["added", ""],
    ],
  );
  assert.deepEqual(
    outputs.list.map((output) => output.type === "stream" && output.text),
    ["one two three four", "bad"],
  );
  assert.equal(outputs.hasChanged, false);
});

test("a line that is written over, as by a progress bar, is shown in its last state", () => {
  assert.equal(
    overwritten("1 %\r50 %\r100 %\ndone\r\nlong\rab"),
    "100 %\ndone\nabng",
  );
  const { runs, all } = running("a");
  for (const text of ["first\n10 %", "\r20 %\r", "30 %"])
    runs.receive(print("1", text));
  assert.deepEqual(all[0].outputs.list, [
    { type: "stream", name: "stdout", text: "first\n30 %" },
  ]);
});

test("outputs are cleared at once, or when the next one comes", () => {
  const { runs, all } = running("a");
  const { outputs } = all[0];
  runs.receive(print("1", "old"));
  outputs.take();
  runs.receive(message("1", "clear_output", { wait: true }));
  assert.equal(outputs.take().isCleared, false);
  runs.receive(print("1", "new"));
  const { isCleared, list } = outputs.take();
  assert.deepEqual([isCleared, list.length, outputs.list.length], [true, 1, 1]);
  runs.receive(message("1", "clear_output", { wait: false }));
  assert.equal(outputs.take().isCleared, true);
});

test("a display is updated wherever it is shown, until its cell runs again", () => {
  const { runs, all } = running("a", "b");
  runs.receive(display("1", "old", "it"));
  all[0].outputs.take();
  runs.receive(display("2", "new", "it", "update_display_data"));
  const [shown] = all[0].outputs.list;
  assert.deepEqual(shown.type === "display_data" && shown.data, {
    "text/plain": "new",
  });
  assert.deepEqual(all[1].outputs.take().list, [
    { kind: "replaced", output: shown },
  ]);
  runs.abandon();
  const again = new Run("3", "a");
  runs.add(again);
  runs.receive(display("3", "newer", "it", "update_display_data"));
  assert.deepEqual(again.outputs.take().list, []);
});

test("a thread's output after the end belongs to the cell, until it runs again", () => {
  const { log, runs } = running("a");
  runs.abandon();
  runs.receive(print("1", "late"));
  assert.equal(log.at(-1), "a changed");
  runs.add(new Run("2", "a"));
  runs.receive(print("1", "too late"));
  assert.equal(log.filter((line) => line === "a changed").length, 1);
});

test("what a kernel shows is sorted by preference and becomes bytes", () => {
  const items = toItems({
    "text/plain": ["<Figure", ">"],
    "image/png": "AQID\n",
    "application/json": "text",
    "image/svg+xml": "<svg/>",
    "application/vnd.empty": "",
    "application/vnd.vega.v5+json": { mark: ["bar"] },
  });
  const texts = items.map(({ mime, data }) => [
    mime,
    Buffer.from(data).toString("latin1"),
  ]);
  assert.deepEqual(texts, [
    ["application/vnd.vega.v5+json", '{"mark":["bar"]}'],
    ["image/png", "\x01\x02\x03"],
    ["image/svg+xml", "<svg/>"],
    ["application/json", '"text"'],
    ["text/plain", "<Figure>"],
    ["application/vnd.empty", ""],
  ]);
});

test("runs that were saved are found again by another process, for the same kernel", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "saved-"));
  const file = new SavedFile(path.join(folder, "runs"), "session");
  const { runs, all } = running("a");
  runs.receive(print("1", "so far"));
  const state = {
    process: 2 ** 22 + 1, // no process has it
    clientId: "me",
    kernelId: "kernel",
    runs: all.map((run) => save(run, { id: "cell-a", index: 0 })),
  };
  file.write(state);
  const claimed = await claim(file, "kernel");
  assert.equal(claimed?.clientId, "me");
  assert.deepEqual(claimed?.runs[0].outputs, [
    { type: "stream", name: "stdout", text: "so far" },
  ]);
  assert.equal(await claim(file, "another kernel"), undefined);
  file.write({ ...state, process: process.ppid });
  assert.equal(await claim(file, "kernel"), undefined);
  file.write({ ...state, runs: [] });
  assert.equal(file.read(), undefined);
});

test("a cell is found by its id, or by its position if it has none", () => {
  const cells = [{ id: "x", index: 0 }, { id: "y", index: 1 }, { index: 2 }];
  const own = (cell: { id?: string; index: number }) => cell;
  assert.equal(find(cells, own, { id: "y", index: 0 }), cells[1]);
  assert.equal(find(cells, own, { id: "gone", index: 0 }), undefined);
  assert.equal(find(cells, own, { index: 2 }), cells[2]);
});

test("positions count characters for kernels, and UTF-16 units for VS Code", () => {
  const code = "😀 = 'a'";
  assert.equal(toKernel(code, 2), 1);
  assert.equal(fromKernel(code, 1), 2);
  assert.equal(plain("\x1b[0;31mSignature:\x1b[0m f()"), "Signature: f()");
});

test("cells are in VS Code's language for the kernel's", () => {
  const names = ["python", "R", "C++17", "c++", "bash", "julia", "octave"].map(
    cellLanguage,
  );
  assert.deepEqual(names, [
    "python",
    "r",
    "cpp",
    "cpp",
    "shellscript",
    "julia",
    "octave",
  ]);
  assert.deepEqual(cellLanguages("C++17").slice(0, 2), ["cpp", "c++17"]);
});
