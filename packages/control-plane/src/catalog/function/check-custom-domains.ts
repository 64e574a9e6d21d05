import { AppError } from "@dorian/base/app-error";
import { isDomainName } from "@dorian/base/domain-name";
import type { AppRegistry } from "../app/app-registry.ts";
import type { App } from "../app/app.ts";
import { customDomainsOf, hasDomains, type WebParts } from "./custom-domains.ts";
import { siteOfDomain } from "./domain-site.ts";
import type { FunctionRegistry } from "./function-registry.ts";

/** Of one function, or class: they are looked through for each request that comes by one. */
const mostDomains = 100;

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
