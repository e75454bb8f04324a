/** Debugs Go with delve, which compiles the program itself. */

import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";

import { locate } from "../languages/preferences.ts";
import { CannotDebug, type Debugger, required } from "./debugger.ts";
import * as terminal from "./terminal.ts";

const { l10n } = vscode;

const START = 20_000; // milliseconds that delve may take
const LISTENING = /listening at: (.+):(\d+)\s/;

export const delve: Debugger = {
  example: () => ({
    name: l10n.t("Go: Folder of the Current File"),
    type: "go",
    request: "launch",
    mode: "debug",
    program: "${fileDirname}",
  }),

  async configure({ fileName }) {
    const name = path.basename(fileName);
    return { ...delve.example(), name, program: fileName, cwd: path.dirname(fileName) };
  },

  complete: (configuration, folder) => ({
    ...terminal.inTerminal(configuration),
    cwd: folder,
    mode: "debug",
    ...configuration,
  }),

  check: async () => requireDelve(),

  // Delve is run in the terminal, as it asks for none, and its program takes input from its own. It
  // serves no unix socket, but on a port it accepts only the same user.
  async adapter({ name, cwd }) {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "delve-"));
    try {
      const log = path.join(folder, "log");
      const args = ["dap", "--listen=127.0.0.1:0", "--only-same-user=true", `--log-dest=${log}`];
      const opened = terminal.open(name, cwd, [requireDelve(), ...args]);
      return await listening(log, opened);
    } finally {
      await fs.rm(folder, { recursive: true, force: true });
    }
  },
};

/** Returns where delve listens, once it has written that into its log. */
async function listening(
  log: string,
  opened: vscode.Terminal,
): Promise<vscode.DebugAdapterDescriptor> {
  for (const end = Date.now() + START; Date.now() < end && !opened.exitStatus; await sleep(50)) {
    const [, host, port] = LISTENING.exec(await fs.readFile(log, "utf8").catch(() => "")) ?? [];
    if (port) return new vscode.DebugAdapterServer(Number(port), host);
  }
  throw new CannotDebug(l10n.t("Delve did not start. The terminal says why."));
}

function requireDelve(): string {
  const { PATH, HOME = "" } = process.env;
  const places = [PATH, path.join(HOME, "go", "bin")].join(path.delimiter);
  const install = "go install github.com/go-delve/delve/cmd/dlv@latest";
  return required(
    locate("dlv", undefined, places),
    l10n.t("Go cannot be debugged without delve. In a terminal: {0}", install),
  );
}
