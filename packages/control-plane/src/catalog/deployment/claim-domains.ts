import { fromBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { AppState, FunctionSchema$ } from "@dorian/protocol/modal";
import { sql, type Transaction } from "kysely";
import type { Tables } from "../../schema/tables.ts";
import type { AppContent } from "../app/app-content.ts";
import { mapFrom } from "../app/app-rows.ts";
import type { App } from "../app/app.ts";
import { customDomainsOf, domainTaken } from "../function/custom-domains.ts";

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
): Promise<void> {
  const tags = new Map<string, string>();
  for (const { definition } of definitions.values()) {
    for (const { domain, tag } of customDomainsOf(definition)) {
      const other = tags.get(domain) ?? tag;
      if (other !== tag) throw domainGivenTwice(domain, [other, tag]);
      tags.set(domain, tag);
    }
  }
  for (const domain of tags.keys()) {
    const owner = await ownerOf(trx, domain, app);
    if (owner) throw domainTaken(domain, app, owner);
  }
}

async function ownerOf(trx: Transaction<Tables>, domain: string, { appId }: App) {
  const named = await trx
    .selectFrom("function")
    .innerJoin("app", "app.app_id", "function.app_id")
    .select(["function_id", "tag", "definition", "function_ids", "app.name", "environment"])
    .where("app.state", "=", AppState.DEPLOYED)
    .where("app.app_id", "!=", appId)
    .where("base_function_id", "is", null)
    .where(sql<boolean>`instr(definition, ${Buffer.from(domain)}) > 0`)
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
