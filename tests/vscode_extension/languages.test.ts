/** The table of languages, and what is made of it. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import { Backoff } from "../../vscode_extension/src/languages/backoff.ts";
import {
  commandFor,
  line,
  quote,
} from "../../vscode_extension/src/languages/commandLine.ts";
import {
  merged,
  section,
  withPython,
} from "../../vscode_extension/src/languages/configuration.ts";
import { chosen } from "../../vscode_extension/src/languages/diagnostics.ts";
import {
  LANGUAGES,
  enabled,
} from "../../vscode_extension/src/languages/table.ts";

const PROGRAMS = { python: "/opt/my env/bin/python", node: "/lib/node" };
const RUST = LANGUAGES.find(({ name }) => name === "rust")!;

test("a shell reads a quoted word as it was", () => {
  for (const word of [
    "plain.py",
    "two words",
    "it's",
    '"$HOME" `ls`',
    "a;b&c",
    "*",
    "ä",
    "\\",
  ]) {
    const read = execFileSync("sh", [
      "-c",
      `printf %s ${quote(word)}`,
    ]).toString();
    assert.equal(read, word);
  }
});

test("the line has the file's name, its stem and the programs", () => {
  const { run } = LANGUAGES.find(({ name }) => name === "cpp")!;
  assert.equal(
    line("{python} {file} {x}", "/w/my lab.py", PROGRAMS),
    "'/opt/my env/bin/python' 'my lab.py' {x}",
  );
  assert.ok(
    line(run.cpp, "/w/a b.cpp", PROGRAMS).endsWith(
      "-o 'a b' 'a b.cpp' && ./'a b'",
    ),
  );
  assert.equal(line("cat {file}", "/w/-n.py", PROGRAMS), "cat ./-n.py");
});

test("a configured command wins over the project's, and that over the file's", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "languages-"));
  const file = path.join(folder, "src", "main.rs");
  fs.mkdirSync(path.dirname(file));
  assert.match(commandFor(RUST, "rust", file, {})!, /^rustc /);
  fs.writeFileSync(path.join(folder, "Cargo.toml"), "");
  assert.equal(commandFor(RUST, "rust", file, {}), "cargo run");
  assert.equal(
    commandFor(RUST, "rust", file, { rust: "mine {file}" }),
    "mine {file}",
  );
  assert.equal(commandFor(RUST, "markdown", "/nowhere/a.md", {}), undefined);
});

test("each document that has a language can be run, and belongs to one language", () => {
  const documents = LANGUAGES.flatMap((language) => language.documents);
  assert.equal(new Set(documents).size, documents.length);
  for (const language of LANGUAGES) {
    assert.deepEqual(
      Object.keys(language.run).sort(),
      [...language.documents].sort(),
    );
  }
});

test("extensions are named in lower case, as they are compared", () => {
  const rivals = LANGUAGES.flatMap(({ rivals, runners = [], servers }) => [
    ...rivals,
    ...runners,
    ...servers.flatMap((server) => server.rivals ?? []),
  ]);
  for (const rival of rivals) assert.match(rival, /^[a-z0-9-]+\.[a-z0-9-]+$/);
});

test("languages are switched off by leaving them out", () => {
  assert.equal(enabled(undefined), LANGUAGES);
  assert.deepEqual(
    enabled(["cpp", "unknown"]).map(({ name }) => name),
    ["cpp"],
  );
  assert.deepEqual(enabled([""]), []);
});

test("each crash waits longer, until there were too many", () => {
  const backoff = new Backoff();
  const pauses = [10, 10, 10, 10, 10, 10].map((lifetime) =>
    backoff.next(lifetime),
  );
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, undefined]);
});

test("a crash after a minute is a first one", () => {
  const backoff = new Backoff();
  assert.deepEqual(
    [10, 60_000, 10].map((lifetime) => backoff.next(lifetime)),
    [1000, 1000, 2000],
  );
});

test("a student's settings win key by key", () => {
  const standard = { a: { b: 1, c: 2 }, list: [1] };
  assert.deepEqual(merged(standard, { a: { b: 3 }, list: [] }), {
    a: { b: 3, c: 2 },
    list: [],
  });
  assert.deepEqual(merged(standard, null), standard);
  assert.equal(merged(undefined, undefined), null);
});

test("a section of the settings has the chosen interpreter", () => {
  const settings = withPython(
    { python: { pythonPath: "{python}" } },
    "/env/bin/python",
  );
  assert.deepEqual(section(settings, "python"), {
    pythonPath: "/env/bin/python",
  });
  assert.equal(section(settings, "python.pythonPath"), "/env/bin/python");
  assert.equal(section(settings, "other.deeper"), undefined);
});

test("of the errors, the chosen ones are shown", () => {
  const choice = {
    setting: "",
    files: {},
    errors: ["unknown-name"],
    warnings: ["missing-attribute"],
    unless: /NoneType/,
  };
  const shown = chosen(
    [
      { code: { value: "unknown-name" }, message: "a", severity: 0 },
      { code: "missing-attribute", message: "`str` has no b", severity: 0 },
      {
        code: "missing-attribute",
        message: "`NoneType` has no c",
        severity: 0,
      },
      { code: "bad-assignment", message: "d", severity: 0 },
      { code: "unused-import", message: "e", severity: 3 },
    ],
    choice,
  );
  assert.deepEqual(
    shown.map(({ message, severity }) => [message, severity]),
    [
      ["a", 0],
      ["`str` has no b", 1],
      ["e", 3],
    ],
  );
});
