import { registeredApps } from "../app/app.ts";
import type { Registered } from "../app/registered.ts";
import type { AnyFunction } from "../function/callable.ts";
import { buildFunction } from "../image/build-functions.ts";

/** Prefix of the tags that lead to functions given to `runFunction`. */
export const buildFunctionPrefix = "build:";

/** What an entry point's tag leads to, in the modules loaded so far. */
export function findTarget(objectTag: string): Registered | { kind: "build"; run: AnyFunction } | undefined {
  if (objectTag.startsWith(buildFunctionPrefix)) {
    const run = buildFunction(objectTag.slice(buildFunctionPrefix.length));
    return run && { kind: "build", run };
  }
  for (const app of registeredApps()) {
    const found = app.registered.find((registered) => registered.tag === objectTag);
    if (found) return found;
  }
  return undefined;
}
