/** Completes, checks, runs and debugs programs of several languages. */

import type * as vscode from "vscode";

export function activate(_context: vscode.ExtensionContext): void {}
