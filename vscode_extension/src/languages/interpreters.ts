/** The Python interpreters of this machine. */

import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { find, isExecutable, readFolder } from "./programs.ts";

/** An interpreter, and where it was found. */
export interface Interpreter {
  readonly path: string;
  readonly origin: string;
}

/** What the interpreters are found by. */
export interface Surroundings {
  /** The workspace's folders. */
  readonly folders: readonly string[];
  /** The default interpreter, which is the kernel's. */
  readonly standard: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Returns the interpreters of the workspace's environments, of kernels, conda and PATH, each once. */
export function interpreters({ folders, standard, environment }: Surroundings): Interpreter[] {
  const home = environment.HOME ?? os.homedir();
  const found: Interpreter[] = [];
  const add = (file: string | undefined, origin: string) => {
    if (file && isExecutable(file) && !found.some((other) => other.path === file)) {
      found.push({ path: file, origin });
    }
  };
  for (const folder of folders) {
    for (const name of [".venv", "venv", "env"]) {
      add(path.join(folder, name, "bin", "python"), path.join(path.basename(folder), name));
    }
  }
  add(standard, "kernel");
  for (const [name, python] of kernels(home, standard, environment)) add(python, `kernel ${name}`);
  for (const prefix of condaPrefixes(home, standard, environment)) {
    add(path.join(prefix, "bin", "python"), `conda ${path.basename(prefix)}`);
  }
  add(find("python3", { configured: {}, interpreter: undefined, path: environment.PATH }), "PATH");
  return found;
}

/** Returns the Python of each kernel specification of a Python kernel. */
function kernels(
  home: string,
  standard: string | undefined,
  environment: Surroundings["environment"],
): [string, string][] {
  const data = [
    ...(environment.JUPYTER_PATH ?? "").split(path.delimiter).filter(Boolean),
    environment.JUPYTER_DATA_DIR ?? path.join(home, ".local/share/jupyter"),
    ...(standard ? [path.join(path.dirname(standard), "../share/jupyter")] : []),
    "/usr/local/share/jupyter",
    "/usr/share/jupyter",
  ];
  return data
    .map((folder) => path.join(folder, "kernels"))
    .flatMap((folder) => readFolder(folder).map((name) => [name, path.join(folder, name)] as const))
    .map(([name, folder]) => [name, pythonOf(path.join(folder, "kernel.json"))] as const)
    .filter((kernel): kernel is [string, string] => kernel[1] !== undefined);
}

function pythonOf(specification: string): string | undefined {
  try {
    const { argv, language } = JSON.parse(fs.readFileSync(specification, "utf8"));
    if (language === "python" && path.isAbsolute(argv[0])) return argv[0];
  } catch {
    // Not a kernel that could start.
  }
  return undefined;
}

function condaPrefixes(
  home: string,
  standard: string | undefined,
  environment: Surroundings["environment"],
): string[] {
  let listed: string[] = [];
  try {
    const list = fs.readFileSync(path.join(home, ".conda/environments.txt"), "utf8");
    listed = list.split("\n").filter(Boolean);
  } catch {
    // conda has made no environment here.
  }
  const roots = [environment.CONDA_PREFIX, environment.CONDA_ROOT].filter((root) => !!root);
  if (standard) roots.push(path.join(path.dirname(standard), ".."));
  const named = (roots as string[]).flatMap((root) =>
    readFolder(path.join(root, "envs")).map((name) => path.join(root, "envs", name)),
  );
  return [...listed, ...named];
}
