/** Debugs programs of several languages. It is loaded with the first debug session. */

import * as vscode from "vscode";

import { bash } from "./debugging/bash.ts";
import { CannotDebug, type Debugger } from "./debugging/debugger.ts";
import { Debugpy } from "./debugging/debugpy.ts";
import { delve } from "./debugging/delve.ts";
import { gdb, lldb } from "./debugging/native.ts";
import type { Debugging } from "./debugging/registration.ts";
import { chosenInterpreter } from "./languages/python.ts";
import { LANGUAGES } from "./languages/table.ts";

const { l10n, window } = vscode;

export function start(context: vscode.ExtensionContext): Debugging {
  const python = new Debugpy(
    () => chosenInterpreter(context.workspaceState),
    context.extensionPath,
  );
  const debuggers: Readonly<Record<string, Debugger>> = {
    debugpy: python,
    python,
    gdb,
    "lldb-dap": lldb,
    go: delve,
    "bash-dap": bash,
  };
  return {
    examples: (type) => [debuggers[type].example()],

    complete: (type, folder, configuration) =>
      saying(async () => {
        const isThere = configuration.request !== undefined;
        const chosen = isThere ? configuration : await configureOpenFile(type, debuggers[type]);
        return chosen && debuggers[chosen.type].complete(chosen, folder?.uri.fsPath);
      }),

    check: (configuration) =>
      saying(async () => {
        await debuggers[configuration.type].check(configuration);
        return configuration;
      }),

    adapter: ({ configuration }) => debuggers[configuration.type].adapter(configuration),
  };
}

async function configureOpenFile(
  type: string,
  chosen: Debugger,
): Promise<vscode.DebugConfiguration | undefined> {
  const document = window.activeTextEditor?.document;
  const languages = LANGUAGES.filter(({ debuggers }) => debuggers?.includes(type));
  if (!document || !languages.some((each) => each.documents.includes(document.languageId))) {
    const titles = languages.map(({ title }) => title).join(", ");
    throw new CannotDebug(l10n.t("Open the file to debug first, of {0}.", titles));
  }
  const isSaved = !document.isUntitled && (!document.isDirty || (await document.save()));
  if (!isSaved) throw new CannotDebug(l10n.t("Save the file first, to debug it."));
  return chosen.configure(document);
}

/** Returns what `attempt` returns, or says why it is impossible and returns undefined. */
async function saying<T>(attempt: () => Promise<T>): Promise<T | undefined> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof CannotDebug)) throw error;
    void window.showErrorMessage(error.message);
    return undefined;
  }
}
