import { AppState } from "@dorian/protocol/modal";
import { SilenceWatch } from "@dorian/base/silence-watch";
import { Turns } from "@dorian/base/turns";
import { SharedWork } from "@dorian/base/shared-work";
import type { Logger } from "pino";
import type { Journal } from "../../database/journal.ts";
import type { Catalog } from "../function/function-catalog.ts";
import type { FunctionRegistry } from "../function/function-registry.ts";
import type { AppTasks } from "../../dispatch/ports.ts";
import { isOpen, type App } from "../app/app.ts";
import { saveApp, titleOf, type AppRegistry } from "../app/app-registry.ts";

export interface AppLifecycleOptions {
  apps: AppRegistry;
  functions: FunctionRegistry;
  journal: Journal;
  catalog: Catalog;
  tasks: AppTasks;
  /** Told of every app that is being stopped. */
  onStopping: (appId: string) => void;
  logger: Logger;
  nowMs: () => number;
  /** Milliseconds without a heartbeat after which a client counts as gone. */
  heartbeatTimeoutMs: number;
}

/** A deploy that was never published is given up after a day. */
const unpublishedMs = 24 * 60 * 60_000;

/** Stops apps: when asked, when the client of a run goes, and again after a restart in the middle of it. */
export class AppLifecycle implements AsyncDisposable {
  #options: AppLifecycleOptions;
  #silence: SilenceWatch<string>;
  #everyMs: number;
  #stopping = new SharedWork<string, void>();
  #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sweeping = new Turns();

  constructor(options: AppLifecycleOptions) {
    this.#options = options;
    const limitMs = options.heartbeatTimeoutMs;
    this.#everyMs = Math.min(5_000, limitMs / 4);
    this.#silence = new SilenceWatch({ limitMs, everyMs: this.#everyMs });
  }

  /** Goes on with what a restart interrupted, and watches over the apps from now on. */
  start(): void {
    for (const app of this.#options.apps.all()) {
      if (app.state === AppState.STOPPING) this.#finishStop(app);
    }
    this.#expectClients();
    this.#timer = setInterval(() => {
      this.#expectClients();
      const silent = new Set(this.#silence.sweep());
      void this.#sweeping.take(() => this.#sweep(silent));
    }, this.#everyMs);
  }

  /** The app's client has been heard. */
  seen(appId: string): void {
    this.#silence.heard(appId);
  }

  /**
   * Stops an app: from when this resolves it takes no new inputs, also after a restart. `stopped` of the result
   * resolves when its containers are gone.
   */
  async stop(appId: string, reason: string): Promise<{ stopped: Promise<void> }> {
    const { apps, nowMs } = this.#options;
    apps.require(appId);
    const stopping = await this.#change(appId, (app) =>
      isOpen(app) ? { state: AppState.STOPPING, stoppedAtMs: nowMs(), stopReason: reason } : undefined,
    );
    if (!stopping) return { stopped: this.#stopping.join(appId) ?? Promise.resolve() };
    return { stopped: this.#finishStop(stopping) };
  }

  /** Stops the apps of an environment. Resolves when none takes inputs any more. */
  async removeScope(scope: string): Promise<void> {
    const open = [...this.#options.apps.all()].filter((app) => app.scope === scope && isOpen(app));
    await Promise.all(open.map((app) => this.stop(app.appId, "its environment was deleted")));
  }

  /** The client of a run says goodbye. */
  async disconnect(app: App, reason: string): Promise<void> {
    switch (app.state) {
      case AppState.DETACHED:
        await this.#detach(app);
        return;
      case AppState.EPHEMERAL:
      case AppState.INITIALIZING:
        await this.stop(app.appId, reason);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort(new Error("the server is stopping"));
    await this.#sweeping.settled();
    await this.#stopping.settled();
  }

  #finishStop(app: App): Promise<void> {
    return this.#stopping.run(app.appId, () => this.#stopTasks(app));
  }

  async #stopTasks(app: App): Promise<void> {
    const { tasks, onStopping, logger } = this.#options;
    try {
      onStopping(app.appId);
      await tasks.stopApp(app.appId, { reason: app.stopReason, signal: this.#abort.signal });
      await this.#change(app.appId, () => ({ state: AppState.STOPPED }));
    } catch (error) {
      // It stays STOPPING, and the next start of the server goes on with it.
      if (!this.#abort.signal.aborted)
        logger.error({ err: error, appId: app.appId }, "could not stop an app");
    }
  }

  async #detach({ appId }: App): Promise<void> {
    await this.#change(appId, (app) =>
      app.state === AppState.DETACHED ? { state: AppState.DETACHED_DISCONNECTED } : undefined,
    );
    await this.#stopWhenDone(appId);
  }

  async #stopWhenDone(appId: string): Promise<void> {
    if (this.#options.tasks.unfinishedInputCount(appId) === 0) await this.stop(appId, "its calls have ended");
  }

  /** The app as changed, or undefined when `change` has nothing to say of what it is by then. */
  async #change(appId: string, change: (app: App) => Partial<App> | undefined): Promise<App | undefined> {
    const { apps, functions, journal, catalog } = this.#options;
    return await apps.exclusive(appId, async () => {
      const app = apps.require(appId);
      const parts = change(app);
      if (!parts) return undefined;
      const changed = { ...app, ...parts };
      await journal.write(
        (trx) => saveApp(trx, changed),
        () => apps.put(changed),
      );
      catalog.changed(functions.ofApp(appId).map((record) => record.functionId));
      return changed;
    });
  }

  /** Expects the clients of ephemeral apps: those that were never heard have been expected since the start of the server. */
  #expectClients(): void {
    const { apps } = this.#options;
    this.#silence.retain((appId) => hasClient(apps.get(appId)));
    for (const app of apps.all()) if (hasClient(app)) this.#silence.expect(app.appId);
  }

  async #sweep(silent: ReadonlySet<string>): Promise<void> {
    const { apps, logger } = this.#options;
    for (const app of apps.all()) {
      if (this.#abort.signal.aborted) return;
      try {
        await this.#sweepOne(app, silent.has(app.appId));
      } catch (error) {
        logger.error({ err: error, appId: app.appId }, `could not look after the app ${titleOf(app)}`);
      }
    }
  }

  async #sweepOne(app: App, isSilent: boolean): Promise<void> {
    const { heartbeatTimeoutMs, nowMs } = this.#options;
    switch (app.state) {
      case AppState.EPHEMERAL:
        if (isSilent) {
          const seconds = Math.round(heartbeatTimeoutMs / 1000);
          await this.stop(app.appId, `its client has not been heard for more than ${seconds} s`);
        }
        return;
      case AppState.DETACHED:
        if (isSilent) await this.#detach(app);
        return;
      case AppState.DETACHED_DISCONNECTED:
        await this.#stopWhenDone(app.appId);
        return;
      case AppState.INITIALIZING:
        if (nowMs() - app.createdAtMs > unpublishedMs) await this.stop(app.appId, "it was never published");
    }
  }
}

/** Tells whether an app has a client that sends heartbeats for as long as it is there. */
function hasClient(app: App | undefined): boolean {
  return app?.state === AppState.EPHEMERAL || app?.state === AppState.DETACHED;
}

/** A disconnect's reason in words. */
export function disconnectReason(reason: string, exception: string): string {
  return exception === "" ? reason : `${reason}: ${exception}`;
}
