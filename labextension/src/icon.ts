import { LabIcon } from "@jupyterlab/ui-components";

import svgstr from "../../jupyter_codeserver_proxy/vscode.svg";

export const vscodeIcon = new LabIcon({ name: "codeserver:vscode", svgstr });

export const vscodeIconUrl = `data:image/svg+xml,${encodeURIComponent(svgstr)}`;
