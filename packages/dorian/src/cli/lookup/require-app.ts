import { AppError } from "@dorian/base/app-error";
import { isId } from "@dorian/base/ids";
import type { ServerConnection } from "../server-connection.ts";

/**
 * The id of an app given by id, by its deployed name, or by the name of one that runs. `stopped`: where there is none, of the one
 * that had the name last.
 *
 * @throws AppError APP_NOT_FOUND, APP_AMBIGUOUS
 */
export async function requireApp(
  server: Pick<ServerConnection, "modal">,
  nameOrId: string,
  options: { signal: AbortSignal; stopped?: boolean },
): Promise<string> {
  if (isId("ap", nameOrId)) return nameOrId;
  const { signal } = options;
  const deployed = await server.modal.appGetByDeploymentName({ name: nameOrId }, { signal });
  if (deployed.appId !== "") return deployed.appId;
  const { apps } = await server.modal.appList({}, { signal });
  const all = apps.filter((app) => (app.name || app.description) === nameOrId);
  const named = all.filter((app) => app.stoppedAt === 0);
  const [found, another] = named;
  if (!found && options.stopped) {
    const last = all.toSorted((a, b) => b.stoppedAt - a.stoppedAt)[0]?.appId ?? deployed.previousAppId;
    if (last !== "") return last;
  }
  if (!found) {
    throw new AppError("APP_NOT_FOUND", `No app named "${nameOrId}" is deployed or running.`, {
      status: "NOT_FOUND",
      remedy: "`dorian app list` shows those that are, `dorian app list --all` those that were.",
    });
  }
  if (another) {
    const ids = named.map((app) => app.appId).join(", ");
    throw new AppError("APP_AMBIGUOUS", `${named.length} running apps are named "${nameOrId}": ${ids}.`, {
      remedy: "Give one of these ids instead of the name.",
    });
  }
  return found.appId;
}
