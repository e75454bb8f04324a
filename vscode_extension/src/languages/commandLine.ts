/** The shell command that runs a file in its folder. */

import * as fs from "node:fs";
import * as path from "node:path";

import type { Command, Language } from "./table.ts";

/** The paths that stand for the names in braces, besides the file's. */
export interface Programs {
  readonly python: string;
  readonly node: string;
}

/** Returns a word that a shell reads as `text`. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns the command that runs a file of a language: the configured one, else that of the project
 * around the file, else that of such documents; undefined if there is none. */
export function commandFor(
  language: Language,
  document: string,
  file: string,
  configured: Readonly<Record<string, Command>>,
): Command | undefined {
  const { project, run } = language;
  if (configured[document]) return configured[document];
  if (project && folderWith(project.file, path.dirname(file))) return project.run;
  return run[document];
}

/** Returns the line to type into a shell in the file's folder. */
export function line(command: Command, file: string, programs?: Programs): string {
  const base = path.basename(file);
  const name = base.startsWith("-") ? `./${base}` : base; // otherwise it would be an option
  const stem = name.slice(0, name.length - path.extname(name).length);
  const values: Readonly<Record<string, string>> = { ...programs, file: name, stem };
  return command.replace(/\{(\w+)\}/g, (braces, key: string) =>
    key in values ? quote(values[key]) : braces,
  );
}

/** Returns the folder, or the next one above, in which a file of this name lies. */
export function folderWith(name: string, folder: string): string | undefined {
  if (fs.existsSync(path.join(folder, name))) return folder;
  const above = path.dirname(folder);
  return above === folder ? undefined : folderWith(name, above);
}
