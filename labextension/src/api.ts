/** Asks the server extension, and gives it orders. */

import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";

export interface IStatus {
  state: "stopped" | "starting" | "ready" | "failed";
  /** Bytes; null where the system does not tell. */
  memory: number | null;
  failure: { what: string } | null;
}

export class Api {
  constructor(private _settings: ServerConnection.ISettings) {}

  /** The address of what is below `codeserver/`, for the browser. */
  address(path: string): string {
    return URLExt.join(this._settings.baseUrl, "codeserver", path);
  }

  status(): Promise<IStatus> {
    return this._ask("");
  }

  order(what: "stop" | "restart"): Promise<IStatus> {
    return this._ask(what, { method: "POST" });
  }

  /** Addresses of what VS Code is going to load, as far as the server has it at hand. */
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
