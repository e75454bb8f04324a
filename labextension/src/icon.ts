/** The icon of the tile and of menus. */

import { LabIcon } from "@jupyterlab/ui-components";

import standard from "../../jupyter_codeserver_proxy/vscode.svg";
import { readOptions } from "./options";

const svgstr = readOptions()?.icon ?? standard;

export const vscodeIcon = new LabIcon({ name: "codeserver:vscode", svgstr });

export const vscodeIconUrl = `data:image/svg+xml,${encodeURIComponent(svgstr)}`;
