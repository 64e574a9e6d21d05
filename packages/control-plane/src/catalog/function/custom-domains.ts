import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { isDomainName } from "@dorian/base/domain-name";
import {
  AppState,
  CustomDomainInfoSchema,
  type Function as FunctionDefinition,
  type MethodDefinition,
} from "@dorian/protocol/modal";
import type { AppRegistry } from "../app/app-registry.ts";
import type { App } from "../app/app.ts";
import type { FunctionRecord } from "./function-record.ts";
import type { FunctionRegistry } from "./function-registry.ts";
import { webTags } from "./web-allocation.ts";

/** The parts of a function that say what of it serves the web. */
type WebParts = Pick<FunctionDefinition, "functionName" | "webhookConfig" | "methodDefinitions">;

/** Of one function, or class: they are looked through for each request that comes by one. */
const mostDomains = 100;

/** Domains of a function's own, and the tag of what each leads to. */
export function customDomainsOf(parts: WebParts | undefined): { domain: string; tag: string }[] {
  if (!parts) return [];
  return webTags(parts.functionName, parts).flatMap(([tag, { customDomains }]) =>
    customDomains.map(({ name }) => ({ domain: name.toLowerCase(), tag })),
  );
}

/** Whether it has the domains of its functions, or will: runs are reached at their own addresses alone. */
export function hasDomains({ state }: Pick<App, "state">): boolean {
  return state === AppState.DEPLOYED || state === AppState.INITIALIZING;
}

/**
 * Refuses what is no domain, and, before time is spent on an image, what publishing would refuse.
 *
 * @throws AppError WEB_DOMAIN_INVALID, WEB_DOMAIN_TAKEN
 */
export function checkCustomDomains(
  app: App,
  parts: WebParts,
  registries: { apps: AppRegistry; functions: FunctionRegistry },
): void {
  const domains = customDomainsOf(parts);
  if (domains.length > mostDomains) {
    throw new AppError(
      "WEB_DOMAIN_INVALID",
      `${parts.functionName} has ${domains.length} domains; ${mostDomains} are allowed.`,
      { status: "INVALID_ARGUMENT", remedy: "Lead more hosts to it by a proxy in front of the server." },
    );
  }
  for (const { domain, tag } of domains) {
    if (!isDomainName(domain)) {
      throw new AppError(
        "WEB_DOMAIN_INVALID",
        `"${domain.slice(0, 100)}" is no domain that ${tag} could have.`,
        {
          status: "INVALID_ARGUMENT",
          remedy: "Give the name of a host, such as models.example.com, without scheme, port and path.",
        },
      );
    }
    const site = hasDomains(app) ? siteOfDomain(domain, registries) : undefined;
    if (!site || site.appId === app.appId) continue;
    const { scope, name } = registries.apps.require(site.appId);
    throw domainTaken(domain, app, { scope, name, tag: site.tag });
  }
}

/** Names the owner to those alone who may know of it: a token may be good for one environment. */
export function domainTaken(
  domain: string,
  { scope }: Pick<App, "scope">,
  owner: Pick<App, "scope" | "name"> & { tag: string },
): AppError {
  const to =
    owner.scope === scope ? `${owner.tag} of ${owner.name ?? "an app"}` : "an app of another environment";
  return new AppError("WEB_DOMAIN_TAKEN", `${domain} leads to ${to} already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Choose another domain, or stop that app or deploy it without this one.",
  });
}

/** What a domain leads to, of what is deployed. */
export function siteOfDomain(
  host: string,
  { apps, functions }: { apps: AppRegistry; functions: FunctionRegistry },
): { appId: string; tag: string } | undefined {
  const domain = host.toLowerCase().replace(/:\d+$/, "");
  for (const { appId, tag, functionId, definition } of functions.withDomain(domain)) {
    const app = apps.get(appId);
    // One that a later deployment left out keeps its definition.
    if (app?.state !== AppState.DEPLOYED || app.functionIds.get(tag) !== functionId) continue;
    const led = customDomainsOf(definition).find((each) => each.domain === domain);
    if (led) return { appId, tag: led.tag };
  }
  return undefined;
}

/** Domains of a web function's own, as addresses: like the one it was given, under another name. */
export function customDomainInfo({
  webUrl,
  webhookConfig,
}: Pick<MethodDefinition, "webUrl" | "webhookConfig">) {
  return (webhookConfig?.customDomains ?? []).map(({ name }) => {
    const address = new URL(webUrl);
    address.hostname = name;
    return create(CustomDomainInfoSchema, { url: address.origin });
  });
}

/** Says which live functions have a domain. */
export class DomainIndex {
  #byDomain = new Map<string, Set<string>>();

  add(record: FunctionRecord): void {
    for (const domain of domainsOf(record)) {
      const ids = this.#byDomain.get(domain) ?? new Set();
      this.#byDomain.set(domain, ids.add(record.functionId));
    }
  }

  remove(record: FunctionRecord): void {
    for (const domain of domainsOf(record)) {
      const ids = this.#byDomain.get(domain);
      ids?.delete(record.functionId);
      if (ids?.size === 0) this.#byDomain.delete(domain);
    }
  }

  get(domain: string): Iterable<string> {
    return this.#byDomain.get(domain) ?? [];
  }
}

function domainsOf({ definition, baseFunctionId }: FunctionRecord): string[] {
  // Variants repeat what the function says that they follow.
  return baseFunctionId === undefined ? customDomainsOf(definition).map(({ domain }) => domain) : [];
}
