/** The folder that JupyterLab shows. */

import * as fs from "node:fs";
import * as path from "node:path";

/** Returns the file's path relative to `root`, the folder that JupyterLab shows; undefined if the file
 * lies elsewhere, or if JupyterLab shows no folder of this machine. */
export function pathFromRoot(file: string, root: string | undefined): string | undefined {
  if (!root) return undefined;
  const paths = [path.relative(root, file)];
  // The root, or a folder below it, may be a link.
  if (fs.existsSync(file)) paths.push(path.relative(fs.realpathSync(root), fs.realpathSync(file)));
  return paths.find((relative) => relative && relative.split(path.sep)[0] !== "..");
}
