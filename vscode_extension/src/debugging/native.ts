/** Debugs C, C++ and Rust with gdb, or with lldb where gdb is too old. */

import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";

import { commandFor } from "../languages/commandLine.ts";
import { commands, locate } from "../languages/preferences.ts";
import { readFolder } from "../languages/programs.ts";
import { LANGUAGES } from "../languages/table.ts";
import { type Build, fromCargo, fromRunCommand } from "./build.ts";
import { compile } from "./compilation.ts";
import { CannotDebug, type Debugger, required } from "./debugger.ts";
import { isOldGdb } from "./gdbVersion.ts";
import * as terminal from "./terminal.ts";

const { l10n } = vscode;

/** Compiles a file and returns the configuration that debugs it. */
async function configure(
  type: string,
  { fileName, languageId }: vscode.TextDocument,
): Promise<vscode.DebugConfiguration> {
  const name = path.basename(fileName);
  const build = buildOf(languageId, fileName);
  if (!build) {
    throw new CannotDebug(
      l10n.t('The command for {0} in the setting "jupyterCodeserver.run" does not compile.', name),
    );
  }
  await compile(build, name);
  const { program, args, folder: cwd } = build;
  return { name, type, request: "launch", program, args, cwd };
}

function buildOf(document: string, file: string): Build | undefined {
  const language = LANGUAGES.find(({ documents }) => documents.includes(document));
  if (!language) return undefined;
  const configured = commands();
  if (!configured[document] && language.name === "rust") {
    const build = fromCargo(file);
    if (build) return build;
  }
  const command = commandFor({ ...language, project: undefined }, document, file, configured);
  return command === undefined ? undefined : fromRunCommand(command, file);
}

function complete(
  configuration: vscode.DebugConfiguration,
  folder: string | undefined,
): vscode.DebugConfiguration {
  return configuration.request === "launch"
    ? { ...terminal.inTerminal(configuration), cwd: folder, ...configuration }
    : configuration;
}

function example(type: string): vscode.DebugConfiguration {
  const program = "${fileDirname}/${fileBasenameNoExtension}";
  return { name: l10n.t("Program of the Current File"), type, request: "launch", program };
}

export const gdb: Debugger = {
  example: () => example("gdb"),
  complete,

  async configure(document) {
    try {
      await findGdb();
    } catch (error) {
      if (!findLldb()) throw error;
      return configure("lldb-dap", document);
    }
    return configure("gdb", document);
  },

  check: findGdb,

  async adapter({ name, request, console, cwd }) {
    const args = ["--interpreter=dap"];
    if (request === "launch" && console === "integratedTerminal") {
      const tty = await device(terminal.open(name, cwd, []));
      if (tty) args.push("-iex", `set inferior-tty ${tty}`);
    }
    return new vscode.DebugAdapterExecutable(await findGdb(), args);
  },
};

export const lldb: Debugger = {
  example: () => example("lldb-dap"),
  configure: (document) => configure("lldb-dap", document),
  complete: (configuration, folder) => {
    const runInTerminal = configuration.console !== "internalConsole";
    return { runInTerminal, ...complete(configuration, folder) };
  },
  check: async () => requireLldb(),
  adapter: async () => new vscode.DebugAdapterExecutable(requireLldb()),
};

/** Returns the device of a terminal, to which gdb connects the program: gdb asks for no terminal of
 * VS Code itself. */
async function device(opened: vscode.Terminal): Promise<string | undefined> {
  const pid = await opened.processId;
  return fs.readlink(`/proc/${pid}/fd/0`).catch(() => undefined);
}

/** The gdb whose version was found suitable. */
let suitableGdb: string | undefined;

async function findGdb(): Promise<string> {
  const program = required(
    locate("gdb"),
    l10n.t("Debugging needs gdb 14 or newer. In a terminal: {0}", "apt-get install gdb"),
  );
  if (program === suitableGdb) return program;
  const { stdout } = await promisify(execFile)(program, ["--version"]);
  if (isOldGdb(stdout)) {
    throw new CannotDebug(
      l10n.t(
        "Debugging in VS Code needs gdb 14 or newer, and {0} is older. In a terminal it still debugs: {1}",
        program,
        "gdb PROGRAM",
      ),
    );
  }
  suitableGdb = program;
  return program;
}

function findLldb(): string | undefined {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const names = new Set(["lldb-dap", ...folders.flatMap(readFolder)]);
  return [...names]
    .filter((name) => /^lldb-dap(-\d+)?$/.test(name))
    .map((name) => locate(name))
    .find((program) => program !== undefined);
}

function requireLldb(): string {
  return required(
    findLldb(),
    l10n.t("Debugging needs lldb-dap. In a terminal: {0}", "apt-get install lldb"),
  );
}
