import type { Transaction } from "kysely";
import type { Tables } from "../../schema/tables.ts";
import type { App } from "../app/app.ts";
import { titleOf } from "../app/app-registry.ts";
import { deploymentsOf, versionNotFound } from "../app/app-versions.ts";

/** A version by its number or, when negative, by how many deployments ago it was. @throws AppError APP_VERSION_NOT_FOUND */
export async function rollbackTarget(trx: Transaction<Tables>, app: App, requested: number): Promise<number> {
  if (requested > 0) {
    if (requested !== app.version) return requested;
    throw versionNotFound(`Version ${requested} is what the app ${titleOf(app)} runs already.`);
  }
  const ran = (await deploymentsOf(trx, app.appId)).filter((each) => !each.staged);
  const target = ran.filter((each) => each.version < app.version)[-requested - 1];
  if (requested < 0 && target) return target.version;
  throw versionNotFound(`The app ${titleOf(app)} has no version before ${app.version} to go back to.`);
}
