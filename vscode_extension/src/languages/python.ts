/** The chosen Python interpreter, which the status bar shows. */

import { execFile } from "node:child_process";
import * as os from "node:os";
import { promisify } from "node:util";
import * as vscode from "vscode";

import { type Interpreter, interpreters } from "./interpreters.ts";
import { isExecutable } from "./programs.ts";

const { l10n, window, workspace } = vscode;

const CHOSEN = "interpreter";
const VERSION = "import platform; print(platform.python_version())";

/** Returns the interpreter that was chosen for this workspace, else the kernel's, else the first on
 * PATH. */
export function chosenInterpreter(memory: vscode.Memento): string {
  const chosen = memory.get<string>(CHOSEN);
  if (chosen && isExecutable(chosen)) return chosen;
  return standard() ?? available()[0]?.path ?? "python3";
}

function standard(): string | undefined {
  const path = workspace.getConfiguration("python").get<string>("defaultInterpreterPath");
  return path && isExecutable(path) ? path : undefined;
}

function available(): Interpreter[] {
  const folders = (workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath);
  return interpreters({ folders, standard: standard(), environment: process.env });
}

/** The interpreter of this workspace. */
export class Python implements vscode.Disposable {
  private readonly memory: vscode.Memento;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly item: vscode.StatusBarItem;
  private readonly subscriptions: vscode.Disposable[];
  /** Fires when another interpreter was chosen. */
  readonly onDidChange = this.changed.event;

  constructor(memory: vscode.Memento) {
    this.memory = memory;
    this.item = window.createStatusBarItem("python", vscode.StatusBarAlignment.Right, 100);
    this.item.name = l10n.t("Python Interpreter");
    this.item.command = "jupyterCodeserver.chooseInterpreter";
    this.subscriptions = [
      this.item,
      this.changed,
      window.onDidChangeActiveTextEditor(() => void this.show()),
      this.onDidChange(() => void this.show()),
      vscode.commands.registerCommand(this.item.command, () => this.choose()),
    ];
    void this.show();
  }

  get path(): string {
    return chosenInterpreter(this.memory);
  }

  private async choose(): Promise<void> {
    const current = this.path;
    const offered = available().map(async ({ path, origin }) => ({
      label: `Python ${(await version(path)) ?? "?"}`,
      description: path === current ? l10n.t("{0}, in use", origin) : origin,
      detail: path.replace(os.homedir(), "~"),
      path,
    }));
    const chosen = await window.showQuickPick(Promise.all(offered), {
      placeHolder: l10n.t("Which Python runs, checks and completes the files of this workspace?"),
    });
    if (!chosen || chosen.path === current) return;
    await this.memory.update(CHOSEN, chosen.path);
    this.changed.fire();
  }

  private async show(): Promise<void> {
    if (window.activeTextEditor?.document.languageId !== "python") {
      this.item.hide();
      return;
    }
    const path = this.path;
    this.item.tooltip = path;
    this.item.show();
    this.item.text = `Python ${(await version(path)) ?? ""}`.trim();
  }

  dispose(): void {
    for (const each of this.subscriptions) each.dispose();
  }
}

const versions = new Map<string, Promise<string | undefined>>();

/** Returns the version of an interpreter; undefined if it does not run. */
function version(python: string): Promise<string | undefined> {
  const known = versions.get(python);
  if (known) return known;
  const asked = promisify(execFile)(python, ["-I", "-S", "-c", VERSION], { timeout: 10_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  versions.set(python, asked);
  return asked;
}
