import { AppError } from "@dorian/base/app-error";
import type { Selectable, Transaction } from "kysely";
import type { Logger } from "pino";
import type { Database } from "../database/database.ts";
import type { Tables } from "../schema/tables.ts";
import type { WebAddresses, WebFunction } from "../dispatch/ports.ts";
import type { WebAddressRow } from "../schema/rows/web-address.ts";
import { nextLabel, webLabel } from "./web-label.ts";
import type { WebListeners } from "./web-listeners.ts";
import { addressUnder, isOwnName, labelIn, type WebNaming } from "./web-naming.ts";

export interface WebAddressBookOptions {
  db: Database;
  listeners: WebListeners;
  naming: WebNaming;
  /** False once an app is stopped: another one of its name may have its addresses. */
  isOpen: (appId: string) => boolean;
  /** What labels of an environment begin with, by the environment's scope. */
  labelPrefix: (scope: string) => string;
  logger: Logger;
  nowMs: () => number;
}

/** Whom a request is for. */
export interface WebSite {
  appId: string;
  tag: string;
}

type Address = Selectable<WebAddressRow>;

/** Addresses of web functions: by name, and the way back. */
export class WebAddressBook implements WebAddresses {
  #options: WebAddressBookOptions;
  #byLabel = new Map<string, Address>();
  #byFunction = new Map<string, Address>();
  #byPort = new Map<number, Address>();

  private constructor(options: WebAddressBookOptions) {
    this.#options = options;
  }

  /** Listens again where web functions were reached before. */
  static async open(options: WebAddressBookOptions): Promise<WebAddressBook> {
    const book = new WebAddressBook(options);
    const { db, listeners, naming, logger } = options;
    for (const address of await db.selectFrom("web_address").selectAll().execute()) {
      book.#put(address);
      if (naming.kind !== "ports" || address.port === null) continue;
      if ((await listeners.listen(address.port)) !== undefined) continue;
      logger.error(
        { port: address.port, label: address.label },
        "another program has the port of a web function: deploy its app again for another one",
      );
    }
    return book;
  }

  urlOf(appId: string, tag: string): string | undefined {
    const address = this.#byFunction.get(keyOf(appId, tag));
    return address && this.#url(address);
  }

  /** Undefined when nothing is reached there. */
  siteAt(port: number, host: string): WebSite | undefined {
    const { naming } = this.#options;
    if (naming.kind === "ports") return siteOf(this.#byPort.get(port));
    const label = labelIn(host, naming);
    return label === undefined ? undefined : siteOf(this.#byLabel.get(label));
  }

  /** Whether a host name is the server's own, and no function's. */
  isOwn(host: string): boolean {
    return isOwnName(host, this.#options.naming);
  }

  async allocate(
    trx: Transaction<Tables>,
    web: WebFunction,
  ): Promise<{ url: string; committed: () => void }> {
    this.#refuseOwnDomain(web);
    const own = await addressWhere(trx, { app_id: web.appId, tag: web.tag });
    const requested = web.config.requestedSuffix;
    const label = own?.requested === requested ? own.label : await this.#label(trx, web);
    const former = await addressWhere(trx, { label });
    const { port, taken } = await this.#port(trx, own?.port ?? former?.port ?? null);
    const outdated = [own, former, taken].flatMap((each) => each ?? []);
    for (const each of outdated) {
      await trx.deleteFrom("web_address").where("label", "=", each.label).execute();
    }
    const usedAt = this.#options.nowMs();
    const address = { label, app_id: web.appId, tag: web.tag, requested, port, used_at: usedAt };
    await trx.insertInto("web_address").values(address).execute();
    return {
      url: this.#url(address),
      committed: () => {
        for (const each of outdated) this.#forget(each);
        this.#put(address);
      },
    };
  }

  /** @throws AppError WEB_DOMAIN_INVALID */
  #refuseOwnDomain({ tag, config }: WebFunction): void {
    for (const { name } of config.customDomains) {
      if (!this.isOwn(name)) continue;
      throw new AppError(
        "WEB_DOMAIN_INVALID",
        `"${name}" is no domain that ${tag} could have: it is the server's own.`,
        {
          status: "INVALID_ARGUMENT",
          remedy: "Choose another domain; for a name under the server's `--web-domain` give a label.",
        },
      );
    }
  }

  /** The function's own label, or the next one that is free when somebody else serves under it. */
  async #label(trx: Transaction<Tables>, web: WebFunction): Promise<string> {
    const wanted = webLabel({
      environmentSuffix: this.#options.labelPrefix(web.scope),
      appName: web.appName,
      tag: web.tag,
      requested: web.config.requestedSuffix,
      ephemeral: web.ephemeral,
      ephemeralSuffix: web.config.ephemeralSuffix,
    });
    for (let attempt = 1; ; attempt++) {
      const label = attempt === 1 ? wanted : nextLabel(wanted, attempt);
      const owner = await addressWhere(trx, { label });
      const isOwn = owner?.app_id === web.appId && owner.tag === web.tag;
      if (!owner || isOwn || !this.#options.isOpen(owner.app_id)) return label;
    }
  }

  /** A port, and the address that it is taken from when there is no other. @throws AppError WEB_PORTS_EXHAUSTED */
  async #port(
    trx: Transaction<Tables>,
    previous: number | null,
  ): Promise<{ port: number | null; taken?: Address }> {
    const { isOpen, listeners, naming } = this.#options;
    if (naming.kind !== "ports") return { port: previous };
    if (previous !== null && (await listeners.listen(previous)) !== undefined) return { port: previous };
    const rows = await trx.selectFrom("web_address").selectAll().orderBy("used_at").execute();
    const owned = new Set(rows.map((row) => row.port));
    try {
      return { port: await listeners.listenOnNext((port) => !owned.has(port)) };
    } catch (error) {
      const unused = rows.find((row) => row.port !== null && !isOpen(row.app_id) && listeners.has(row.port));
      if (!AppError.is(error) || error.code !== "WEB_PORTS_EXHAUSTED" || !unused) throw error;
      return { port: unused.port, taken: unused };
    }
  }

  #url(address: Address): string {
    return addressUnder(this.#options.naming, address);
  }

  #put(address: Address): void {
    this.#byLabel.set(address.label, address);
    this.#byFunction.set(keyOf(address.app_id, address.tag), address);
    if (address.port !== null) this.#byPort.set(address.port, address);
  }

  #forget(address: Address): void {
    this.#byLabel.delete(address.label);
    this.#byFunction.delete(keyOf(address.app_id, address.tag));
    if (address.port !== null) this.#byPort.delete(address.port);
  }
}

async function addressWhere(
  trx: Transaction<Tables>,
  where: Partial<Pick<Address, "label" | "app_id" | "tag">>,
): Promise<Address | undefined> {
  return await trx
    .selectFrom("web_address")
    .selectAll()
    .where((is) => is.and(where))
    .executeTakeFirst();
}

function keyOf(appId: string, tag: string): string {
  return `${appId}/${tag}`;
}

function siteOf(address: Address | undefined): WebSite | undefined {
  return address && { appId: address.app_id, tag: address.tag };
}
