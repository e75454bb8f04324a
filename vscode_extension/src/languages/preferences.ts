/** What a person has set for languages. */

import * as vscode from "vscode";

import type { Command } from "./table.ts";

function read<T>(name: string): Readonly<Record<string, T>> {
  return vscode.workspace.getConfiguration("jupyterCodeserver").get(name) ?? {};
}

/** Returns the configured paths, by the program's name. */
export function programs(): Readonly<Record<string, string>> {
  return read<string>("programs");
}

/** Returns the configured commands, by the identifier of a document. */
export function commands(): Readonly<Record<string, Command>> {
  return read<Command>("run");
}
