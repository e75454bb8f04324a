/** Asks the person for the lines that programs read. */

import * as vscode from "vscode";

import type { CellRun } from "./cells.ts";

export class Inputs {
  private readonly open = new Map<CellRun, vscode.CancellationTokenSource>();

  /** Returns the person's answer; undefined if there is none. */
  async ask(run: CellRun, prompt: string, password: boolean): Promise<string | undefined> {
    this.close(run);
    const source = new vscode.CancellationTokenSource();
    this.open.set(run, source);
    const options = { prompt, password, ignoreFocusOut: true };
    return vscode.window.showInputBox(options, source.token);
  }

  /** Closes the box of a cell that does not wait any more. */
  close(run: CellRun): void {
    this.open.get(run)?.cancel();
    this.open.delete(run);
  }
}
