import { AppError } from "@dorian/base/app-error";
import { TurnsByKey } from "@dorian/base/turns";
import { AppState } from "@dorian/protocol/modal";
import type { Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { isOpen, type App } from "./app.ts";
import { appNotFound } from "../../access/app-not-found.ts";
import { appFromRow, rowOfApp } from "./app-rows.ts";

/** All apps, in memory. Writers put an app here once its row is durable. */
export class AppRegistry {
  #apps: Map<string, App>;
  #turns = new TurnsByKey<string>();

  private constructor(apps: App[]) {
    this.#apps = new Map(apps.map((app) => [app.appId, app]));
  }

  static async load(db: Database): Promise<AppRegistry> {
    const rows = await db.selectFrom("app").selectAll().execute();
    return new AppRegistry(rows.map(appFromRow));
  }

  get(appId: string): App | undefined {
    return this.#apps.get(appId);
  }

  /** @throws AppError APP_NOT_FOUND */
  require(appId: string): App {
    const app = this.#apps.get(appId);
    if (app) return app;
    throw appNotFound(appId);
  }

  /** @throws AppError APP_NOT_FOUND, APP_STOPPED */
  requireOpen(appId: string): App {
    const app = this.require(appId);
    if (isOpen(app)) return app;
    const because = app.stopReason === "" ? "" : `: ${app.stopReason}`;
    throw new AppError("APP_STOPPED", `The app ${titleOf(app)} has stopped${because}.`, {
      remedy: "Run or deploy it again.",
    });
  }

  /** The app deployed under a name, if there is one that has not been stopped. */
  deployed(scope: string, name: string): App | undefined {
    for (const app of this.#apps.values()) {
      if (app.state === AppState.DEPLOYED && app.scope === scope && app.name === name) return app;
    }
    return undefined;
  }

  /** What a name leads to for callers: the app deployed under it, else the one that runs under it and began last. */
  callable(scope: string, name: string): App | undefined {
    const isMeant = (app: App) =>
      app.scope === scope &&
      app.name === undefined &&
      app.description === name &&
      isOpen(app) &&
      app.functionIds.size > 0;
    return (
      this.deployed(scope, name) ??
      [...this.#apps.values()].filter(isMeant).toSorted((a, b) => b.createdAtMs - a.createdAtMs)[0]
    );
  }

  /** The app that had a name last. */
  lastStopped(scope: string, name: string): App | undefined {
    return [...this.#apps.values()]
      .filter((app) => app.scope === scope && app.name === name && !isOpen(app))
      .toSorted((a, b) => (b.stoppedAtMs ?? 0) - (a.stoppedAtMs ?? 0))[0];
  }

  all(): Iterable<App> {
    return this.#apps.values();
  }

  /** Runs changes of one app one after the other: each builds on what the one before left. */
  async exclusive<T>(appId: string, work: () => Promise<T>): Promise<T> {
    return await this.#turns.take(appId, work);
  }

  put(app: App): void {
    this.#apps.set(app.appId, app);
  }

  remove(appId: string): void {
    this.#apps.delete(appId);
  }
}

export async function saveApp(trx: Transaction<Tables>, app: App): Promise<void> {
  const { app_id, ...changed } = rowOfApp(app);
  await trx
    .insertInto("app")
    .values({ app_id, ...changed })
    .onConflict((conflict) => conflict.column("app_id").doUpdateSet(changed))
    .execute();
}

export function titleOf(app: App): string {
  return `"${app.name ?? (app.description || app.appId)}"`;
}
