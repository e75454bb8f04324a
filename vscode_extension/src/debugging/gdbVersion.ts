/** Which gdb speaks VS Code's debug adapter protocol. */

const FIRST = 14;

/** Returns whether what `gdb --version` prints is of a gdb that does not speak it. */
export function isOldGdb(printed: string): boolean {
  const major = /(\d+)\.\d+[^ ]*$/.exec(printed.split("\n")[0].trim())?.[1];
  return major !== undefined && Number(major) < FIRST;
}
