/** What the operator has chosen: the server extension writes it into the page. */

import { PageConfig } from "@jupyterlab/coreutils";

export interface IOptions {
  /** What a student calls VS Code. */
  title: string;
  /** Its picture, in SVG; null: ours. */
  icon: string | null;
  /** Whether VS Code opens in a tab of the browser, or in one of JupyterLab. */
  newBrowserTab: boolean;
  /** Whether VS Code's files may be fetched ahead of a click. */
  prefetch: boolean;
  /** Where the tile is; null leaves it to jupyter-server-proxy. */
  tile: { category: string; rank: number | null } | null;
}

/** The options; null where the server extension is off, and with it all that we call. */
export function readOptions(): IOptions | null {
  const text = PageConfig.getOption("codeserver");
  return text ? (JSON.parse(text) as IOptions) : null;
}
