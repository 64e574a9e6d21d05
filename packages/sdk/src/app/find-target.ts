import { registeredApps } from "./app.ts";
import type { Registered } from "../class/registered.ts";
import type { AnyFunction } from "../any-function.ts";
import { buildFunction } from "../image/build-functions.ts";

/** Prefix of the tags that lead to functions given to `runFunction`. */
export const buildFunctionPrefix = "build:";

/**
 * What an entry point's tag leads to, in the modules loaded so far. Two apps of a module may use the same tag: then `appName` says
 * which is meant. An app may be deployed under a name that is not its own.
 */
export function findTarget(
  objectTag: string,
  appName = "",
): Registered | { kind: "build"; run: AnyFunction } | undefined {
  if (objectTag.startsWith(buildFunctionPrefix)) {
    const run = buildFunction(objectTag.slice(buildFunctionPrefix.length));
    return run && { kind: "build", run };
  }
  const apps = registeredApps().toSorted((a, b) => Number(b.name === appName) - Number(a.name === appName));
  return apps.flatMap((app) => app.registered).find(({ tag }) => tag === objectTag);
}
