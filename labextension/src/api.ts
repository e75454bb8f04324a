/** Calls the API of the server extension. */

import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";

export interface IStatus {
  state: "stopped" | "starting" | "ready" | "failed";
  /** Memory in bytes; null if the system does not report it. */
  memory: number | null;
  failure: { what: string } | null;
}

export class Api {
  constructor(private _settings: ServerConnection.ISettings) {}

  /** Returns the address of a path below `codeserver/`. */
  address(path: string): string {
    return URLExt.join(this._settings.baseUrl, "codeserver", path);
  }

  status(): Promise<IStatus> {
    return this._ask("");
  }

  order(what: "stop" | "restart"): Promise<IStatus> {
    return this._ask(what, { method: "POST" });
  }

  /** Returns the addresses of files that VS Code will load and that the server has on disk. */
  async assets(): Promise<string[]> {
    const { assets } = await this._ask<{ assets: string[] }>("assets");
    return assets.map((path) => this.address(path));
  }

  private async _ask<T>(path: string, init: RequestInit = {}): Promise<T> {
    const url = URLExt.join(this._settings.baseUrl, "api/codeserver", path);
    const response = await ServerConnection.makeRequest(url, init, this._settings);
    if (!response.ok) {
      throw await ServerConnection.ResponseError.create(response);
    }
    return (await response.json()) as T;
  }
}
