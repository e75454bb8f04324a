/** Opens VS Code with a file or folder. */

import { PageConfig, URLExt } from "@jupyterlab/coreutils";
import type { CommandRegistry } from "@lumino/commands";

import type { Api } from "./api";
import type { IOptions } from "./options";

/** The command of jupyter-server-proxy that opens a tab of JupyterLab. */
const IN_JUPYTERLAB = "server-proxy:open";

/** Opens VS Code where the tile does.
 *
 * @param path a path below Jupyter's root; null leaves the choice to VS Code.
 */
export async function open(
  path: string | null,
  api: Api,
  options: IOptions,
  commands: CommandRegistry,
): Promise<void> {
  const url = api.address(path === null ? "/" : `open/${URLExt.encodeParts(path)}`);
  const hasTabs = !PageConfig.getOption("notebookPage");
  if (!options.newBrowserTab && hasTabs && commands.hasCommand(IN_JUPYTERLAB)) {
    const name = path === null ? "" : `:${path}`;
    await commands.execute(IN_JUPYTERLAB, {
      id: `server-proxy:codeserver${name}`,
      title: options.title,
      url,
      newBrowserTab: false,
    });
  } else {
    window.open(url, "_blank", "noopener");
  }
}
