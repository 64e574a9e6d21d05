import { fromBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { AppState, FunctionSchema$ } from "@dorian/protocol/modal";
import { sql, type Transaction } from "kysely";
import type { Tables } from "../../schema/tables.ts";
import type { AppContent } from "../app/app-content.ts";
import { mapFrom } from "../app/app-rows.ts";
import type { App } from "../app/app.ts";
import { domainTaken } from "../function/check-custom-domains.ts";
import { customDomainsOf } from "../function/custom-domains.ts";
import type { FunctionRegistry } from "../function/function-registry.ts";

/** Functions to which each transaction leads a domain: nobody else knows of them before it is durable. */
const claimed = new WeakMap<Transaction<Tables>, Map<string, string[]>>();

/**
 * Makes sure that each domain of what is about to be deployed leads to one function of one app. It asks the transaction, which
 * knows of apps that are deployed, or stopped, at the same time.
 *
 * @throws AppError WEB_DOMAIN_TAKEN
 */
export async function claimDomains(
  trx: Transaction<Tables>,
  app: App,
  { definitions }: Pick<AppContent, "definitions">,
  functions: Pick<FunctionRegistry, "withDomain">,
): Promise<void> {
  const claims = new Map<string, { tag: string; functionId: string }>();
  for (const [functionId, { definition }] of definitions) {
    for (const { domain, tag } of customDomainsOf(definition)) {
      const other = claims.get(domain)?.tag ?? tag;
      if (other !== tag) throw domainGivenTwice(domain, [other, tag]);
      claims.set(domain, { tag, functionId });
    }
  }
  if (claims.size === 0) return;
  const meanwhile = claimed.get(trx) ?? new Map<string, string[]>();
  claimed.set(trx, meanwhile);
  for (const [domain, { functionId }] of claims) {
    const others = meanwhile.get(domain) ?? [];
    const known = functions.withDomain(domain).map((record) => record.functionId);
    const owner = await ownerOf(trx, domain, app, [...known, ...others]);
    if (owner) throw domainTaken(domain, app, owner);
    meanwhile.set(domain, [...others, functionId]);
  }
}

/** Of functions that may have a domain, the one that has it. */
async function ownerOf(
  trx: Transaction<Tables>,
  domain: string,
  { appId }: App,
  functionIds: readonly string[],
) {
  if (functionIds.length === 0) return undefined;
  const named = await trx
    .selectFrom("function")
    .innerJoin("app", "app.app_id", "function.app_id")
    .select(["function_id", "tag", "definition", "function_ids", "app.name", "environment"])
    // One parameter, however many there are: the database takes a list of some thousands alone.
    .where("function_id", "in", sql<string>`(select value from json_each(${JSON.stringify(functionIds)}))`)
    .where("app.state", "=", AppState.DEPLOYED)
    .where("app.app_id", "!=", appId)
    .where("base_function_id", "is", null)
    .execute();
  for (const { function_id, tag, definition, function_ids, name, environment: scope } of named) {
    if (!definition || mapFrom(function_ids).get(tag) !== function_id) continue;
    const led = customDomainsOf(fromBinary(FunctionSchema$, definition)).find(
      (each) => each.domain === domain,
    );
    if (led) return { tag: led.tag, name: name ?? undefined, scope };
  }
  return undefined;
}

function domainGivenTwice(domain: string, tags: readonly string[]): AppError {
  return new AppError("WEB_DOMAIN_TAKEN", `${tags.join(" and ")} both have the domain ${domain}.`, {
    status: "ALREADY_EXISTS",
    remedy: "Give each domain to one function.",
  });
}
