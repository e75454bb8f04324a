/** A language server: starts, restarts and ends it, and shows its state. */

import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  type Executable,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
} from "vscode-languageclient/node";

import { Backoff } from "./backoff.ts";
import { merged, section, withPython } from "./configuration.ts";
import { chosen } from "./diagnostics.ts";
import { locate } from "./preferences.ts";
import type { Choice, Language, LanguageServer } from "./table.ts";

const { l10n, LanguageStatusSeverity: Severity, window, workspace } = vscode;

/** The program of one server of a language, while it is wanted. */
export class Server implements vscode.Disposable {
  readonly description: LanguageServer;
  private readonly language: Language;
  private readonly status: vscode.LanguageStatusItem;
  private backoff = new Backoff();
  private log: vscode.LogOutputChannel | undefined;
  private client: LanguageClient | undefined;
  private started: Promise<void> = Promise.resolve();
  private pause: NodeJS.Timeout | undefined;
  private program: string | undefined;
  private isWanted = false;

  constructor(language: Language, description: LanguageServer) {
    this.language = language;
    this.description = description;
    const { name } = description;
    this.status = vscode.languages.createLanguageStatusItem(name, selector(language, description));
    this.status.name = name;
    this.status.text = name;
  }

  /** Returns the path of its program; undefined if it is not here. */
  async locate(python: string): Promise<string | undefined> {
    if (this.isWanted) return this.program;
    const { name, probe } = this.description;
    const program = locate(name, python);
    const isHere = program && (!probe || (await succeeds(program, probe)));
    this.program = isHere ? program : undefined;
    if (!isHere) this.show(l10n.t("not installed"), Severity.Warning);
    return this.program;
  }

  /** Starts it, unless it runs or has crashed too often.
   *
   * Args:
   *   program: its path.
   *   python: the chosen interpreter.
   *   isBeside: whether the language's first server runs as well.
   */
  start(program: string, python: string, isBeside: boolean): void {
    if (this.isWanted) return;
    this.isWanted = true;
    this.run(program, python, isBeside);
  }

  async stop(): Promise<void> {
    this.isWanted = false;
    this.backoff = new Backoff();
    clearTimeout(this.pause);
    const client = this.client;
    this.client = undefined;
    await this.started.catch(() => undefined);
    // A client whose server has failed says so when it is stopped.
    await client?.dispose().catch(() => undefined);
    this.show(l10n.t("not running"));
  }

  /** Returns whether it has a log to show. */
  get hasLog(): boolean {
    return this.log !== undefined;
  }

  showLog(): void {
    this.log?.show();
  }

  private run(program: string, python: string, isBeside: boolean): void {
    const { name } = this.description;
    this.log ??= window.createOutputChannel(name, { log: true });
    const began = Date.now();
    const onEnd = () => {
      if (this.client !== client) return; // stopped on purpose, or told before
      this.client = undefined;
      void client.dispose().catch(() => undefined);
      this.restart(Date.now() - began, () => this.run(program, python, isBeside));
    };
    const client = new LanguageClient(
      `jupyterCodeserver.${name}`,
      name,
      this.executable(program),
      this.options(python, isBeside, onEnd),
    );
    this.client = client;
    this.status.busy = true;
    this.started = client.start();
    this.started.then(() => {
      if (this.client !== client) return;
      const version = client.initializeResult?.serverInfo?.version;
      this.show([version, program].filter(Boolean).join(", "));
    }, onEnd);
  }

  private restart(lifetime: number, run: () => void): void {
    const { name } = this.description;
    const pause = this.backoff.next(lifetime);
    if (pause !== undefined) {
      this.show(l10n.t("crashed, starts again"), Severity.Warning);
      this.pause = setTimeout(run, pause);
      return;
    }
    this.show(l10n.t("crashed repeatedly"), Severity.Error);
    const showLog = l10n.t("Show Log");
    void window
      .showWarningMessage(
        l10n.t("{0} has crashed repeatedly and is not started again. See its log.", name),
        showLog,
      )
      .then((clicked) => {
        if (clicked) this.showLog();
      });
  }

  private executable(program: string): Executable {
    const { args, environment } = this.description;
    const options = { env: { ...process.env, ...environment } };
    return { command: program, args: [...args], options };
  }

  private options(python: string, isBeside: boolean, onEnd: () => void): LanguageClientOptions {
    const { description } = this;
    const settings = withPython(description.settings, python);
    const { options, optionsBeside = options } = description;
    const choice = isConfigured(description.choice) ? undefined : description.choice;
    return {
      documentSelector: selector(this.language, description),
      initializationOptions: isBeside ? optionsBeside : options,
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          onEnd();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      middleware: {
        handleDiagnostics: (uri, diagnostics, next) =>
          next(uri, choice ? chosen(diagnostics, choice) : diagnostics),
        workspace: {
          configuration: async (params, token, next) => {
            const own = await next(params, token);
            if (!Array.isArray(own)) return own;
            return params.items.map((item, index) =>
              merged(section(settings, item.section), own[index]),
            );
          },
        },
      },
    };
  }

  private show(detail: string, severity = Severity.Information): void {
    this.status.busy = false;
    this.status.detail = detail;
    this.status.severity = severity;
    this.status.command = {
      title: l10n.t("Manage"),
      command: "jupyterCodeserver.manageLanguageServer",
      arguments: [this.language.name, this.description.name],
    };
  }

  dispose(): void {
    void this.stop();
    this.status.dispose();
    this.log?.dispose();
  }
}

function selector(
  language: Language,
  server: LanguageServer,
): { scheme: string; language: string }[] {
  const schemes = ["file", "untitled", ...(server.notebooks ? ["vscode-notebook-cell"] : [])];
  return schemes.flatMap((scheme) => language.documents.map((id) => ({ scheme, language: id })));
}

/** Returns whether a person or a project has chosen which errors are shown. */
function isConfigured(choice: Choice | undefined): boolean {
  if (!choice || workspace.getConfiguration().get(choice.setting)) return true;
  return (workspace.workspaceFolders ?? []).some(({ uri }) =>
    Object.entries(choice.files).some(([name, text]) =>
      contains(path.join(uri.fsPath, name), text),
    ),
  );
}

function contains(file: string, text: string): boolean {
  try {
    return fs.readFileSync(file, "utf8").includes(text);
  } catch {
    return false; // it is not there
  }
}

/** Returns whether a program ends well. */
async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  const run = promisify(execFile)(program, args, { timeout: 20_000 });
  return run.then(
    () => true,
    () => false,
  );
}
