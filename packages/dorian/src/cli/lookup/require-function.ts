import { AppError } from "@dorian/base/app-error";
import { UsageError } from "../input.ts";
import type { ServerConnection } from "../server-connection.ts";
import { nearestName } from "./nearest-name.ts";

/** The id of a function or class of an app, by its name. @throws AppError FUNCTION_NOT_FOUND */
export async function requireFunction(
  server: Pick<ServerConnection, "modal">,
  appId: string,
  name: string,
  options: { signal: AbortSignal },
): Promise<string> {
  const ids = await functionsOf(server, appId, options);
  const found = ids.find(([tag]) => tag === name);
  if (found) return found[1];
  const names = ids.map(([tag]) => tag).toSorted();
  const [className = "", method] = name.split(".");
  throw new AppError("FUNCTION_NOT_FOUND", `The app ${appId} has no function or class "${name}".`, {
    status: "NOT_FOUND",
    remedy:
      method !== undefined && names.includes(className)
        ? `The methods of a class share its containers: name ${className}.`
        : remedyOf(name, names),
  });
}

function remedyOf(name: string, names: string[]): string {
  const nearest = nearestName(name, names);
  if (nearest !== undefined) return `Did you mean ${nearest}?`;
  return names.length === 0 ? "It has none at all." : `It has ${names.join(", ")}.`;
}

/** The only function or class that an app has. @throws UsageError */
export async function onlyFunction(
  server: Pick<ServerConnection, "modal">,
  appId: string,
  options: { signal: AbortSignal },
): Promise<{ name: string; functionId: string }> {
  const [first, second, ...more] = await functionsOf(server, appId, options);
  if (first && !second) return { name: first[0], functionId: first[1] };
  if (!first || !second)
    throw new UsageError(`The app ${appId} has no functions.`, "`dorian app list` shows other apps.");
  const names = [first, second, ...more].map(([tag]) => tag).toSorted();
  throw new UsageError(
    `The app ${appId} has ${names.length} functions.`,
    `name one after "::", which are ${names.join(", ")}.`,
  );
}

async function functionsOf(
  server: Pick<ServerConnection, "modal">,
  appId: string,
  options: { signal: AbortSignal },
): Promise<(readonly [tag: string, functionId: string])[]> {
  const { appLayout } = await server.modal.appGetLayout({ appId }, options);
  return Object.entries(appLayout?.functionIds ?? {}).map(
    ([tag, functionId]) => [tag.replace(/\.\*$/, ""), functionId] as const,
  );
}
