/** The commands that build a file's program for a debugger. */

import * as fs from "node:fs";
import * as path from "node:path";

import { folderWith, line } from "../languages/commandLine.ts";

/** How to build a program, and what it is. */
export interface Build {
  /** The folder in which the command runs. */
  readonly folder: string;
  readonly command: string;
  readonly program: string;
  readonly args: readonly string[];
}

/** Returns the build of a file from the command that compiles and runs it, such as
 * `g++ -g -o {stem} {file} && ./{stem}`; undefined if the command does not compile first. */
export function fromRunCommand(command: string, file: string): Build | undefined {
  const parts = command.split(" && ");
  const [run, ...args] = parts.pop()?.split(" ").filter(Boolean) ?? [];
  if (!run || parts.length === 0) return undefined;
  const { dir: folder, name } = path.parse(file);
  return {
    folder,
    command: line(parts.join(" && "), file),
    program: path.resolve(folder, run.replace("{stem}", name)),
    args,
  };
}

/** Returns the build of a file of a Cargo package; undefined if it is in none. */
export function fromCargo(file: string): Build | undefined {
  const folder = folderWith("Cargo.toml", path.dirname(file));
  if (!folder) return undefined;
  const manifest = fs.readFileSync(path.join(folder, "Cargo.toml"), "utf8");
  const name = /^\s*name\s*=\s*"([^"]+)"/m.exec(manifest)?.[1];
  const [place, ...rest] = path.relative(path.join(folder, "src"), file).split(path.sep);
  const binary = place === "bin" && rest[0] ? path.parse(rest[0]).name : name;
  return binary === undefined
    ? undefined
    : {
        folder,
        command: "cargo build",
        program: path.join(folder, "target", "debug", binary),
        args: [],
      };
}
