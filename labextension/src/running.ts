/** Shows VS Code among the running terminals and kernels. */

import { showErrorMessage } from "@jupyterlab/apputils";
import type { IRunningSessions } from "@jupyterlab/running";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Poll } from "@lumino/polling";
import { Signal } from "@lumino/signaling";

import type { Api, IStatus } from "./api";
import { vscodeIcon } from "./icon";
import type { IOptions } from "./options";

const INTERVAL = 10_000; // milliseconds, as for kernels in JupyterLab
const STARTING_INTERVAL = 1000;
const LONGEST_INTERVAL = 300_000;

/** The status of VS Code's server, which is polled only while somebody sees the panel. */
export class Running implements IRunningSessions.IManager {
  readonly name: string;
  readonly shutdownLabel: string;
  readonly shutdownAllLabel: string;
  readonly shutdownAllConfirmationText: string;
  readonly runningChanged = new Signal<this, void>(this);

  constructor(
    private _api: Api,
    private _options: IOptions,
    private _open: () => void,
    private _trans: TranslationBundle,
  ) {
    const { title } = _options;
    this.name = title;
    this.shutdownLabel = _trans.__("Shut Down %1", title);
    this.shutdownAllLabel = _trans.__("Shut Down");
    this.shutdownAllConfirmationText = _trans.__(
      "Shut down %1? Its terminals end; unsaved files are kept.",
      title,
    );
    this._poll = new Poll({
      name: "jupyter-codeserver-proxy:status",
      factory: async () => this._learn(await _api.status()),
      frequency: { interval: INTERVAL, backoff: true, max: LONGEST_INTERVAL },
      standby: () => document.hidden || !isShown(),
    });
  }

  running(): IRunningSessions.IRunningItem[] {
    // The panel also calls this when it opens.
    if (Date.now() - this._asked > INTERVAL && isShown()) {
      this.refreshRunning();
    }
    return this._status.state === "stopped" ? [] : [this._item(this._status)];
  }

  refreshRunning(): void {
    this._asked = Date.now();
    void this._poll.refresh();
  }

  shutdownAll(): void {
    void this.order("stop");
  }

  /** Stops or restarts VS Code, and shows the new status. */
  async order(what: "stop" | "restart"): Promise<void> {
    try {
      this._learn(await this._api.order(what));
      void this._poll.refresh();
    } catch (error) {
      await showErrorMessage(this.name, error as Error);
    }
  }

  private _learn(status: IStatus): void {
    this._asked = Date.now();
    this._status = status;
    this.runningChanged.emit();
    const starting = status.state === "starting";
    this._poll.frequency = {
      interval: starting ? STARTING_INTERVAL : INTERVAL,
      backoff: true,
      max: LONGEST_INTERVAL,
    };
  }

  private _item(status: IStatus): IRunningSessions.IRunningItem {
    return {
      className: "jp-mod-codeserver",
      icon: () => vscodeIcon,
      label: () => `${this._options.title} (${this._state(status)})`,
      labelTitle: () => this._detail(status),
      open: this._open,
      shutdown: () => void this.order("stop"),
    };
  }

  private _state({ state }: IStatus): string {
    const states = {
      stopped: this._trans.__("stopped"),
      starting: this._trans.__("starting"),
      ready: this._trans.__("running"),
      failed: this._trans.__("failed"),
    };
    return states[state];
  }

  private _detail({ failure, memory }: IStatus): string {
    if (failure) {
      return failure.what;
    }
    return memory === null ? "" : this._trans.__("%1 MB of memory", Math.round(memory / 1e6));
  }

  private _asked = 0;
  private _poll: Poll;
  private _status: IStatus = { state: "stopped", memory: null, failure: null };
}

/** Returns whether the panel is visible, in JupyterLab's side bar or on Notebook's first page. */
function isShown(): boolean {
  const panels = document.querySelectorAll<HTMLElement>(".jp-RunningSessions");
  return [...panels].some((panel) => panel.offsetParent !== null);
}
