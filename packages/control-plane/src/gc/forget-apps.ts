import { forgetAppVersions } from "../catalog/app/app-versions.ts";
import { isOpen } from "../catalog/app/app.ts";
import type { GarbageOptions } from "./garbage-options.ts";

/** Forgets apps that stopped before a time, with their functions, classes and secrets. */
export async function forgetApps(
  options: Pick<GarbageOptions, "journal" | "apps" | "functions" | "classes" | "secrets">,
  before: number,
): Promise<void> {
  const { journal, apps, functions, classes, secrets } = options;
  const old = [...apps.all()].filter((app) => !isOpen(app) && (app.stoppedAtMs ?? Infinity) < before);
  for (const { appId } of old) {
    await journal.write(async (trx) => {
      await forgetAppVersions(trx, appId);
      await trx
        .deleteFrom("function")
        .where("app_id", "=", appId)
        .where("base_function_id", "is not", null)
        .execute();
      await trx.deleteFrom("function").where("app_id", "=", appId).execute();
      await trx.deleteFrom("class").where("app_id", "=", appId).execute();
      await trx.deleteFrom("secret").where("app_id", "=", appId).where("name", "is", null).execute();
      await trx.deleteFrom("app").where("app_id", "=", appId).execute();
    });
    functions.removeOfApp(appId);
    classes.removeOfApp(appId);
    secrets.removeOfApp(appId);
    apps.remove(appId);
  }
}
