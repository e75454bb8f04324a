/** Finds the file or folder that a person means, as a path below the folder that Jupyter serves. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { IDocumentManager } from "@jupyterlab/docmanager";
import type { IDefaultFileBrowser, IFileBrowserFactory } from "@jupyterlab/filebrowser";
import type { Widget } from "@lumino/widgets";

/** The drives with files of the server; the second is jupyter-collaboration's. */
const LOCAL_DRIVES = ["", "RTC"];

/** The menu from which the command was called. */
export type Origin = "file browser" | "tab" | undefined;

export class Place {
  constructor(
    private _app: JupyterFrontEnd,
    private _documents: IDocumentManager | null,
    private _browsers: IFileBrowserFactory | null,
    private _defaultBrowser: IDefaultFileBrowser | null,
  ) {}

  /** Returns a path relative to Jupyter's root; null if there is no such file or folder. */
  find(origin: Origin): string | null {
    const path = this._path(origin);
    return path === null ? null : this._local(path);
  }

  /** Returns the path without its drive; null for a drive that other programs cannot read. */
  private _local(path: string): string | null {
    const { contents } = this._app.serviceManager;
    return LOCAL_DRIVES.includes(contents.driveName(path)) ? contents.localPath(path) : null;
  }

  private _path(origin: Origin): string | null {
    if (origin === "file browser") {
      return this._selected();
    }
    if (origin === "tab") {
      return this._document(this._tabUnderPointer());
    }
    return this._document(this._app.shell.currentWidget) ?? this._folder();
  }

  /** Returns the only selected item of the file browser that was used last. */
  private _selected(): string | null {
    const browser = this._browsers?.tracker.currentWidget ?? this._defaultBrowser;
    const selected = [...(browser?.selectedItems() ?? [])];
    return selected.length === 1 ? selected[0].path : null;
  }

  private _folder(): string | null {
    const browser = this._browsers?.tracker.currentWidget ?? this._defaultBrowser;
    return browser?.model.path ?? null;
  }

  private _document(widget: Widget | null): string | null {
    return (widget && this._documents?.contextForWidget(widget)?.path) ?? null;
  }

  private _tabUnderPointer(): Widget | null {
    const tab = this._app.contextMenuHitTest((node) => node.dataset.type === "document-title");
    const open = [...this._app.shell.widgets("main")];
    return open.find((widget) => widget.id === tab?.dataset.id) ?? this._app.shell.currentWidget;
  }
}
