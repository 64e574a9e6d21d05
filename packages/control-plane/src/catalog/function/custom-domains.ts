import { AppError } from "@dorian/base/app-error";
import type { Function as FunctionDefinition } from "@dorian/protocol/modal";
import type { AppRegistry } from "../app/app-registry.ts";
import { isOpen } from "../app/app.ts";
import type { FunctionRecord } from "./function-record.ts";
import type { FunctionRegistry } from "./function-registry.ts";

/** The parts of a function that say what of it serves the web. */
type WebParts = Pick<FunctionDefinition, "functionName" | "webhookConfig" | "methodDefinitions">;

/** Domains of a function's own, and the tag of what each leads to. */
export function customDomainsOf(parts: WebParts | undefined): { domain: string; tag: string }[] {
  if (!parts) return [];
  const className = parts.functionName.replace(/\.\*$/, "");
  const configs = [
    { tag: parts.functionName, config: parts.webhookConfig },
    ...Object.entries(parts.methodDefinitions).map(([name, method]) => ({
      tag: method.functionName || `${className}.${name}`,
      config: method.webhookConfig,
    })),
  ];
  return configs.flatMap(({ tag, config }) =>
    (config?.customDomains ?? []).map(({ name }) => ({ domain: name.toLowerCase(), tag })),
  );
}

/** Refuses domains that others serve under. @throws AppError WEB_DOMAIN_INVALID, WEB_DOMAIN_TAKEN */
export function checkCustomDomains(
  appId: string,
  parts: WebParts,
  registries: { apps: AppRegistry; functions: FunctionRegistry },
): void {
  for (const { domain, tag } of customDomainsOf(parts)) {
    const isName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(
      domain,
    );
    if (!isName) {
      throw new AppError(
        "WEB_DOMAIN_INVALID",
        `"${domain.slice(0, 100)}" is no domain that ${tag} could have.`,
        {
          status: "INVALID_ARGUMENT",
          remedy: "Give the name of a host, such as models.example.com, without scheme, port and path.",
        },
      );
    }
    const site = siteOfDomain(domain, registries);
    if (!site || (site.appId === appId && site.tag === tag)) continue;
    const owner = registries.apps.get(site.appId);
    throw new AppError(
      "WEB_DOMAIN_TAKEN",
      `${domain} leads to ${site.tag} of ${owner?.name ?? site.appId} already.`,
      {
        status: "ALREADY_EXISTS",
        remedy: "Choose another domain, or stop that app.",
      },
    );
  }
}

/** What a domain leads to: who came first has it, for as long as its app runs. */
export function siteOfDomain(
  host: string,
  { apps, functions }: { apps: AppRegistry; functions: FunctionRegistry },
): { appId: string; tag: string } | undefined {
  const domain = host.toLowerCase().replace(/:\d+$/, "");
  const open = functions.withDomain(domain).filter(({ appId }) => isOpenApp(apps, appId));
  const [first] = open.toSorted((one, other) => one.createdAtMs - other.createdAtMs);
  const led = first && customDomainsOf(first.definition).find((each) => each.domain === domain);
  return first && led && { appId: first.appId, tag: led.tag };
}

function isOpenApp(apps: AppRegistry, appId: string): boolean {
  const app = apps.get(appId);
  return app !== undefined && isOpen(app);
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
