/** The plugins that JupyterLab and Notebook load. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { Dialog, ICommandPalette, showDialog } from "@jupyterlab/apputils";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { IDefaultFileBrowser, IFileBrowserFactory } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { IRunningSessionManagers } from "@jupyterlab/running";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";

import { Api } from "./api";
import { vscodeIcon, vscodeIconUrl } from "./icon";
import { open } from "./open";
import { readOptions } from "./options";
import { Place, type Origin } from "./place";
import { prefetch } from "./prefetch";
import { Running } from "./running";

const ID = "jupyter-codeserver-proxy";
const DOMAIN = "jupyter_codeserver_proxy";

const opening: JupyterFrontEndPlugin<void> = {
  id: `${ID}:plugin`,
  description: "Opens files and folders in VS Code.",
  autoStart: true,
  optional: [
    ITranslator,
    ICommandPalette,
    IDocumentManager,
    IFileBrowserFactory,
    IDefaultFileBrowser,
    ILauncher,
  ],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    documents: IDocumentManager | null,
    browsers: IFileBrowserFactory | null,
    defaultBrowser: IDefaultFileBrowser | null,
    launcher: ILauncher | null,
  ) => {
    const options = readOptions();
    if (!options) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const api = new Api(app.serviceManager.serverSettings);
    const place = new Place(app, documents, browsers, defaultBrowser);
    const path = ({ from }: { from?: unknown }) => place.find(from as Origin);
    app.commands.addCommand("codeserver:open", {
      label: trans.__("Open in %1", options.title),
      caption: trans.__("Open this file or folder in %1", options.title),
      icon: (args) => (args.isPalette ? undefined : vscodeIcon),
      isEnabled: (args) => path(args) !== null,
      execute: (args) => open(path(args), api, options, app.commands),
    });
    palette?.addItem({ command: "codeserver:open", category: options.title });
    if (launcher && options.tile) {
      app.commands.addCommand("codeserver:show", {
        label: options.title,
        icon: vscodeIcon,
        execute: () => open(null, api, options, app.commands),
      });
      launcher.add({
        command: "codeserver:show",
        category: options.tile.category,
        rank: options.tile.rank ?? undefined,
        kernelIconUrl: vscodeIconUrl, // shown in the sections of kernels
      });
    }
  },
};

const running: JupyterFrontEndPlugin<void> = {
  id: `${ID}:running`,
  description: "Shows VS Code among the running terminals and kernels.",
  autoStart: true,
  // Not required: Notebook's page of a single document has no such panel.
  optional: [IRunningSessionManagers, ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    managers: IRunningSessionManagers | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
  ) => {
    const options = readOptions();
    if (!options || !managers) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { title } = options;
    const api = new Api(app.serviceManager.serverSettings);
    const manager = new Running(
      api,
      options,
      () => void open(null, api, options, app.commands),
      trans,
    );
    const order = async (what: "stop" | "restart", question: string, answer: string) => {
      const result = await showDialog({
        title: question,
        body: trans.__("Its terminals end; unsaved files are kept."),
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: answer })],
      });
      if (result.button.accept) {
        await manager.order(what);
      }
    };
    app.commands.addCommand("codeserver:restart", {
      label: trans.__("Restart %1…", title),
      execute: () => order("restart", trans.__("Restart %1?", title), trans.__("Restart")),
    });
    app.commands.addCommand("codeserver:shut-down", {
      label: trans.__("Shut Down %1…", title),
      execute: () => order("stop", trans.__("Shut down %1?", title), trans.__("Shut Down")),
    });
    for (const command of ["codeserver:restart", "codeserver:shut-down"]) {
      palette?.addItem({ command, category: title });
    }
    managers.add(manager);
  },
};

const prefetching: JupyterFrontEndPlugin<void> = {
  id: `${ID}:prefetch`,
  description: "Has the browser fetch VS Code ahead of a click.",
  autoStart: true,
  requires: [ISettingRegistry],
  activate: (app: JupyterFrontEnd, registry: ISettingRegistry) => {
    if (!readOptions()?.prefetch) {
      return;
    }
    void app.restored.then(async () => {
      const settings = await registry.load(opening.id);
      if (settings.get("prefetch").composite) {
        await prefetch(() => new Api(app.serviceManager.serverSettings).assets());
      }
    });
  },
};

export default [opening, running, prefetching];
