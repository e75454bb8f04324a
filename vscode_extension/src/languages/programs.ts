/** Where a program is found. */

import * as fs from "node:fs";
import * as path from "node:path";

/** Where programs are looked for, in this order. */
export interface Places {
  /** Paths that the person configured, by the program's name. */
  readonly configured: Readonly<Record<string, string>>;
  /** The chosen interpreter, beside which its environment's programs lie. */
  readonly interpreter: string | undefined;
  /** The variable PATH. */
  readonly path: string | undefined;
}

export function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Returns the path of a program; undefined if it is nowhere. A configured path that is wrong counts
 * as missing, as another program than the chosen one would surprise. */
export function find(name: string, places: Places): string | undefined {
  const configured = places.configured[name];
  if (configured) return isExecutable(configured) ? configured : undefined;
  const folders = places.interpreter ? [path.dirname(places.interpreter)] : [];
  folders.push(...(places.path ?? "").split(path.delimiter).filter(path.isAbsolute));
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

export function readFolder(folder: string): string[] {
  try {
    return fs.readdirSync(folder).sort();
  } catch {
    return [];
  }
}
