/** Completes, checks, runs and debugs programs of several languages. */

import * as vscode from "vscode";

import * as environment from "./environment.ts";
import { Python } from "./languages/python.ts";
import { Runner } from "./languages/runner.ts";
import { Support } from "./languages/support.ts";
import { enabled } from "./languages/table.ts";

const { registerCommand } = vscode.commands;

export function activate(context: vscode.ExtensionContext): void {
  const languages = enabled(environment.languages);
  const python = new Python(context.workspaceState);
  const supports = languages.map((each) => new Support(each, python, context.globalState));
  const find = (name: string) => supports.find(({ language }) => language.name === name);
  context.subscriptions.push(
    python,
    new Runner(languages, python),
    ...supports,
    python.onDidChange(() => find("python")?.restart()),
    registerCommand("jupyterCodeserver.restartLanguageServers", () =>
      Promise.all(supports.map((support) => support.restart())),
    ),
    registerCommand("jupyterCodeserver.manageLanguageServer", (language: string, server: string) =>
      find(language)?.manage(server),
    ),
  );
}
