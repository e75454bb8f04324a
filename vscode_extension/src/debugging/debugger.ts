/** What VS Code's debugging needs to know of each debugger. */

import type * as vscode from "vscode";

/** Debugging is impossible, and the message says why and what to do. */
export class CannotDebug extends Error {}

/** Returns what was found.
 *
 * Raises:
 *   CannotDebug: nothing was.
 */
export function required(found: string | undefined, message: string): string {
  if (found === undefined) throw new CannotDebug(message);
  return found;
}

/** A debugger. Its functions raise `CannotDebug`. */
export interface Debugger {
  /** Returns an example for a new launch.json. */
  example(): vscode.DebugConfiguration;
  /** Returns the configuration that debugs a file without launch.json, and builds its program. */
  configure(document: vscode.TextDocument): Promise<vscode.DebugConfiguration>;
  /** Completes a configuration of launch.json. */
  complete(
    configuration: vscode.DebugConfiguration,
    folder: string | undefined,
  ): vscode.DebugConfiguration;
  /** Returns if the debugger's program is there. */
  check(configuration: vscode.DebugConfiguration): Promise<unknown>;
  /** Starts the debugger's program. */
  adapter(configuration: vscode.DebugConfiguration): Promise<vscode.DebugAdapterDescriptor>;
}
