import { AppState } from "@dorian/protocol/modal";
import type { AppRegistry } from "../app/app-registry.ts";
import { customDomainsOf } from "./custom-domains.ts";
import type { FunctionRegistry } from "./function-registry.ts";

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
