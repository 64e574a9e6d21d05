import { AppError } from "@dorian/base/app-error";
import type { ServerConnection } from "../server-connection.ts";
import { nearestName } from "./nearest-name.ts";

/** The id of a function or class of an app, by its name. @throws AppError FUNCTION_NOT_FOUND */
export async function requireFunction(
  server: ServerConnection,
  appId: string,
  name: string,
  options: { signal: AbortSignal },
): Promise<string> {
  const { appLayout } = await server.modal.appGetLayout({ appId }, options);
  const ids = Object.entries(appLayout?.functionIds ?? {}).map(
    ([tag, functionId]) => [tag.replace(/\.\*$/, ""), functionId] as const,
  );
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
