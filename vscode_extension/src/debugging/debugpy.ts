/** Debugs Python with debugpy, which may be installed beside another interpreter than the program's. */

import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";

import { find } from "../languages/programs.ts";
import { CannotDebug, type Debugger } from "./debugger.ts";
import { inTerminal } from "./terminal.ts";

const HAS_DEBUGPY = "import importlib.util as u, sys; sys.exit(u.find_spec('debugpy') is None)";

export class Debugpy implements Debugger {
  /** The chosen interpreter. */
  private readonly interpreter: () => string;
  /** A folder without Python files, as Python finds modules in the folder in which it starts. */
  private readonly neutral: string;
  private found: string | undefined;

  constructor(interpreter: () => string, neutral: string) {
    this.interpreter = interpreter;
    this.neutral = neutral;
  }

  example(): vscode.DebugConfiguration {
    return {
      name: vscode.l10n.t("Python: Current File"),
      type: "debugpy",
      request: "launch",
      program: "${file}",
      console: "integratedTerminal",
    };
  }

  async configure({ fileName }: vscode.TextDocument): Promise<vscode.DebugConfiguration> {
    const [name, program] = [`Python: ${path.basename(fileName)}`, fileName];
    return { ...this.example(), name, program, cwd: path.dirname(fileName) };
  }

  complete(
    configuration: vscode.DebugConfiguration,
    folder: string | undefined,
  ): vscode.DebugConfiguration {
    const type = "debugpy";
    if (configuration.request !== "launch") return { ...configuration, type };
    const python = configuration.python ?? configuration.pythonPath ?? this.interpreter();
    return { ...inTerminal(configuration), cwd: folder, ...configuration, python, type };
  }

  async check(configuration: vscode.DebugConfiguration): Promise<void> {
    if (!connection(configuration)) await this.python();
  }

  async adapter(configuration: vscode.DebugConfiguration): Promise<vscode.DebugAdapterDescriptor> {
    const server = connection(configuration);
    if (server) return new vscode.DebugAdapterServer(server.port, server.host);
    return new vscode.DebugAdapterExecutable(await this.python(), ["-m", "debugpy.adapter"], {
      cwd: this.neutral,
    });
  }

  /** Returns a Python that has debugpy: the chosen one, else one on PATH, where Jupyter's is first. */
  private async python(): Promise<string> {
    const places = { configured: {}, interpreter: undefined, path: process.env.PATH };
    const candidates = [this.found, this.interpreter(), find("python3", places)];
    for (const python of new Set(candidates)) {
      if (python && (await this.hasDebugpy(python))) return (this.found = python);
    }
    throw new CannotDebug(
      vscode.l10n.t(
        "Python cannot be debugged without debugpy. In a terminal: {0}",
        `${this.interpreter()} -m pip install debugpy`,
      ),
    );
  }

  private hasDebugpy(python: string): Promise<boolean> {
    const options = { cwd: this.neutral, timeout: 20_000 };
    return promisify(execFile)(python, ["-c", HAS_DEBUGPY], options).then(
      () => true,
      () => false,
    );
  }
}

/** Returns where a program waits for a debugger, as after `debugpy --listen`. */
function connection({
  request,
  connect,
  port,
  host,
}: vscode.DebugConfiguration): { port: number; host: string } | undefined {
  const at = connect ?? { port, host };
  if (request !== "attach" || at.port === undefined) return undefined;
  return { port: Number(at.port), host: at.host ?? "127.0.0.1" };
}
