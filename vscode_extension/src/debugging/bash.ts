/** Debugs bash scripts with bash-dap. */

import * as path from "node:path";
import * as vscode from "vscode";

import * as preferences from "../languages/preferences.ts";
import { find } from "../languages/programs.ts";
import { CannotDebug, type Debugger } from "./debugger.ts";
import { inTerminal } from "./terminal.ts";

const { l10n } = vscode;

export const bash: Debugger = {
  example: () => ({
    name: l10n.t("Bash: Current File"),
    type: "bash-dap",
    request: "launch",
    program: "${file}",
  }),

  async configure({ fileName }) {
    const name = path.basename(fileName);
    return { ...bash.example(), name, program: fileName, cwd: path.dirname(fileName) };
  },

  complete: (configuration, folder) => ({
    ...inTerminal(configuration),
    cwd: folder,
    ...configuration,
  }),

  check: async () => requireBashDap(),

  adapter: async () => new vscode.DebugAdapterExecutable(requireBashDap()),
};

function requireBashDap(): string {
  const configured = preferences.programs();
  const found = find("bash-dap", { configured, interpreter: undefined, path: process.env.PATH });
  if (found) return found;
  throw new CannotDebug(
    l10n.t("Bash cannot be debugged without bash-dap. In a terminal: {0}", "pip install bash-dap"),
  );
}
