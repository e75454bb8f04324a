/** How a program is built for a debugger, and which gdb VS Code can use. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import {
  fromCargo,
  fromRunCommand,
} from "../../vscode_extension/src/debugging/build.ts";
import { isOldGdb } from "../../vscode_extension/src/debugging/gdbVersion.ts";

test("the command that runs a file says how to compile it, and what runs then", () => {
  const command = "g++ -g -o {stem} {file} && ./{stem} 50";
  assert.deepEqual(fromRunCommand(command, "/a b/it's.cpp"), {
    folder: "/a b",
    command: "g++ -g -o 'it'\\''s' 'it'\\''s.cpp'",
    program: "/a b/it's",
    args: ["50"],
  });
  assert.equal(fromRunCommand("make run", "/a/b.cpp"), undefined);
});

test("a file of a Cargo package is built by cargo", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cargo-"));
  const debug = path.join(folder, "target", "debug");
  assert.equal(fromCargo(path.join(folder, "src", "main.rs")), undefined);
  fs.writeFileSync(
    path.join(folder, "Cargo.toml"),
    '[package]\nname = "dice"\n',
  );
  assert.equal(
    fromCargo(path.join(folder, "src", "main.rs"))?.program,
    path.join(debug, "dice"),
  );
  assert.equal(
    fromCargo(path.join(folder, "src", "bin", "roll.rs"))?.program,
    path.join(debug, "roll"),
  );
});

test("gdb speaks the protocol since version 14", () => {
  assert.ok(isOldGdb("GNU gdb (Debian 13.1-3) 13.1\nCopyright"));
  assert.ok(isOldGdb("GNU gdb (GDB) Rocky Linux 10.2-13.el9"));
  assert.ok(!isOldGdb("GNU gdb (Debian 16.3-1) 16.3"));
  assert.ok(!isOldGdb("GNU gdb (GDB) 18.1"));
});
