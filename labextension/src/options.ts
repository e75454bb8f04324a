/** The operator's options, which the server extension writes into the page. */

import { PageConfig } from "@jupyterlab/coreutils";

export interface IOptions {
  /** The name of VS Code for students. */
  title: string;
  /** The icon, in SVG; null for ours. */
  icon: string | null;
  /** Whether VS Code opens in a tab of the browser instead of JupyterLab. */
  newBrowserTab: boolean;
  /** Whether VS Code's files may be fetched ahead of a click. */
  prefetch: boolean;
  /** The place of the tile; null leaves the tile to jupyter-server-proxy. */
  tile: { category: string; rank: number | null } | null;
}

/** Returns the options; null if the server extension is off. */
export function readOptions(): IOptions | null {
  const text = PageConfig.getOption("codeserver");
  return text ? (JSON.parse(text) as IOptions) : null;
}
