/** Debugs bash scripts with bash-dap. */

import * as path from "node:path";
import * as vscode from "vscode";

import { locate } from "../languages/preferences.ts";
import { type Debugger, required } from "./debugger.ts";
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
  return required(
    locate("bash-dap"),
    l10n.t("Bash cannot be debugged without bash-dap. In a terminal: {0}", "pip install bash-dap"),
  );
}
