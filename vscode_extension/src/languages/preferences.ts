/** What a person has set for languages. */

import * as vscode from "vscode";

import { find } from "./programs.ts";
import type { Command } from "./table.ts";

function read<T>(name: string): Readonly<Record<string, T>> {
  return vscode.workspace.getConfiguration("jupyterCodeserver").get(name) ?? {};
}

/** Returns the path of a program: the configured one, else one beside the interpreter, else one in the
 * folders of `path`. */
export function locate(
  name: string,
  interpreter?: string,
  path = process.env.PATH,
): string | undefined {
  return find(name, { configured: read<string>("programs"), interpreter, path });
}

/** Returns the configured commands, by the identifier of a document. */
export function commands(): Readonly<Record<string, Command>> {
  return read<Command>("run");
}
