import {
  AppState,
  type Function as FunctionDefinition,
  type MethodDefinition,
  type WebhookConfig,
} from "@dorian/protocol/modal";
import type { Transaction } from "kysely";
import type { App } from "../app/app.ts";
import type { Tables } from "../../schema/tables.ts";
import type { WebAddresses } from "../../dispatch/ports.ts";

/** The parts of a function, known before its definition as well, that say what of it serves the web. */
type WebParts = Pick<FunctionDefinition, "webhookConfig" | "methodDefinitions">;

export interface Allocated {
  /** Addresses, also before the transaction is durable. */
  web: Pick<WebAddresses, "urlOf">;
  committed: () => void;
}

/** Gives a function, or its methods, the addresses that it needs. */
export async function allocateAddresses(
  trx: Transaction<Tables>,
  addresses: WebAddresses,
  app: App,
  tag: string,
  parts: WebParts,
): Promise<Allocated> {
  const urls = new Map<string, string>();
  const commits: (() => void)[] = [];
  for (const [each, config] of webTags(tag, parts)) {
    const { appId, name, description, scope } = app;
    const ephemeral = app.state === AppState.EPHEMERAL || app.state === AppState.DETACHED;
    const web = { appId, appName: name ?? description, scope, tag: each, config, ephemeral };
    const { url, committed } = await addresses.allocate(trx, web);
    urls.set(each, url);
    commits.push(committed);
  }
  return {
    web: {
      urlOf: (appId, each) =>
        (appId === app.appId ? urls.get(each) : undefined) ?? addresses.urlOf(appId, each),
    },
    committed: () => {
      for (const commit of commits) commit();
    },
  };
}

/** What of a function serves the web: itself, or its methods by the tags of theirs. */
export function webTags(tag: string, parts: WebParts): [string, WebhookConfig][] {
  const found: [string, WebhookConfig][] = parts.webhookConfig ? [[tag, parts.webhookConfig]] : [];
  for (const [name, method] of Object.entries(parts.methodDefinitions)) {
    if (!method.webhookConfig) continue;
    found.push([methodTag(tag, name, method), method.webhookConfig]);
  }
  return found;
}

/** The tag of a class's method. Clients do not all say it. */
export function methodTag(
  classTag: string,
  name: string,
  method: Pick<MethodDefinition, "functionName">,
): string {
  return method.functionName || `${classTag.replace(/\.\*$/, "")}.${name}`;
}
