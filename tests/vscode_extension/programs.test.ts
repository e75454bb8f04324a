/** Where programs and interpreters are found. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import { interpreters } from "../../vscode_extension/src/languages/interpreters.ts";
import { find } from "../../vscode_extension/src/languages/programs.ts";

/** Creates an executable file. */
function program(...names: string[]): string {
  const file = path.join(...names);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, "", { mode: 0o755 });
  return file;
}

function folder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), "programs-"));
}

test("the configured path wins, then the interpreter's folder, then PATH", () => {
  const root = folder();
  const [own, beside, onPath] = ["own", "env/bin", "bin"].map((name) =>
    program(root, name, "ruff"),
  );
  const python = program(root, "env/bin/python");
  const places = {
    configured: {},
    interpreter: python,
    path: path.dirname(onPath),
  };
  assert.equal(find("ruff", { ...places, configured: { ruff: own } }), own);
  assert.equal(find("ruff", places), beside);
  assert.equal(find("ruff", { ...places, interpreter: undefined }), onPath);
  assert.equal(find("gopls", places), undefined);
});

test("a configured path that is wrong is not replaced by another program", () => {
  const onPath = program(folder(), "ruff");
  const configured = { ruff: "/nowhere/ruff" };
  const places = {
    configured,
    interpreter: undefined,
    path: path.dirname(onPath),
  };
  assert.equal(find("ruff", places), undefined);
});

test("folders, files that cannot be run and relative folders of PATH are passed over", () => {
  const root = folder();
  fs.mkdirSync(path.join(root, "a", "ruff"), { recursive: true });
  fs.mkdirSync(path.join(root, "b"));
  fs.writeFileSync(path.join(root, "b", "ruff"), "", { mode: 0o644 });
  const right = program(root, "c", "ruff");
  const at = ["a", "b", "c"].map((name) => path.join(root, name)).join(":");
  assert.equal(
    find("ruff", { configured: {}, interpreter: undefined, path: `.::${at}` }),
    right,
  );
});

test("interpreters of the workspace, kernels, conda and PATH are found, each once", () => {
  const root = folder();
  const venv = program(root, "work", ".venv/bin/python");
  const kernel = program(root, "jupyter/bin/python");
  const other = program(root, "other/bin/python");
  const conda = program(root, "jupyter/envs/stats/bin/python");
  const onPath = program(root, "bin/python3");
  for (const [name, argv] of [
    ["python3", [kernel, "-m", "ipykernel"]],
    ["other", [other, "-m", "ipykernel"]],
    ["relative", ["python", "-m", "ipykernel"]],
  ] as const) {
    const specification = path.join(
      root,
      "jupyter/share/jupyter/kernels",
      name,
    );
    fs.mkdirSync(specification, { recursive: true });
    const text = JSON.stringify({ argv, language: "python" });
    fs.writeFileSync(path.join(specification, "kernel.json"), text);
  }
  const broken = path.join(root, "jupyter/share/jupyter/kernels/broken");
  fs.mkdirSync(broken);
  fs.writeFileSync(path.join(broken, "kernel.json"), "{");
  const found = interpreters({
    folders: [path.join(root, "work")],
    standard: kernel,
    environment: {
      HOME: root,
      PATH: path.dirname(onPath),
      JUPYTER_DATA_DIR: root,
    },
  });
  const listed = found.filter((each) => each.path.startsWith(root)); // the machine has others
  assert.deepEqual(listed, [
    { path: venv, origin: "work/.venv" },
    { path: kernel, origin: "kernel" },
    { path: other, origin: "kernel other" },
    { path: conda, origin: "conda stats" },
    { path: onPath, origin: "PATH" },
  ]);
});
