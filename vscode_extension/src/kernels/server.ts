/** The Jupyter server's API for kernels, through its unix socket. */

import * as http from "node:http";
import type { ServerConnection } from "@jupyterlab/services";
import { deserialize, serialize } from "@jupyterlab/services/lib/kernel/serialize";
import WebSocket from "ws";

// The socket has one server behind it, so the name of the host does not matter.
const HTTP = "http://localhost/";
const WS = "ws://localhost/";

/** As much of the browser's `Request` as `@jupyterlab/services` uses. Node's own would load another
 * HTTP client into memory, which cannot use a unix socket. */
class Request {
  readonly headers = new Map<string, string>();
  readonly url: string;
  readonly init: RequestInit;

  constructor(url: string, init: RequestInit) {
    this.url = url;
    this.init = init;
  }
}

function fetchThrough(socketPath: string, { url, init }: Request): Promise<object> {
  const { pathname, search } = new URL(url);
  const options = {
    socketPath,
    path: pathname + search,
    method: init.method ?? "GET",
    headers: { "Content-Type": "application/json" },
  };
  return new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      const pieces: Buffer[] = [];
      response.on("error", reject);
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => {
        const body = Buffer.concat(pieces).toString();
        resolve({
          status: response.statusCode,
          statusText: response.statusMessage,
          ok: response.statusCode! < 400,
          text: async () => body,
          json: async () => JSON.parse(body),
        });
      });
    });
    request.on("error", reject);
    request.end(init.body);
  });
}

/** Returns the settings with which `@jupyterlab/services` uses this socket. */
export function settings(socketPath: string): ServerConnection.ISettings {
  class KernelSocket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(`ws+unix:${socketPath}:${url.slice(WS.length - 1)}`, protocols, {
        perMessageDeflate: false,
        maxPayload: 0, // an output may be of any size
      });
    }
  }
  const options = {
    appUrl: "",
    appendToken: false,
    baseUrl: HTTP,
    fetch: (request: Request) => fetchThrough(socketPath, request),
    Headers: Map,
    init: {},
    Request,
    serializer: { deserialize, serialize },
    token: "",
    WebSocket: KernelSocket,
    wsUrl: WS,
  };
  return options as unknown as ServerConnection.ISettings;
}
