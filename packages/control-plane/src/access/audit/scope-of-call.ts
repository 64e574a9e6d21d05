import type { Environments } from "../environment/environments.ts";
import { namedInRequest } from "../permission/named-in-request.ts";
import type { ScopeOfObject, Reach } from "../permission/reach.ts";
import type { RecordedCall } from "./audit-recorder.ts";

/** Scope of the environment that a call concerns: its caller's only one, that of an object it names, or the one it names. */
export async function scopeOfCall(
  { permission, method, request, context }: RecordedCall,
  sources: { environments: Environments; scopeOfObject: ScopeOfObject; reach: Reach },
): Promise<string | undefined> {
  const own = sources.reach.scopeOf(context.identity);
  if (own !== undefined) return own;
  const named = namedInRequest(method.input, request, permission);
  for (const id of named.ids) {
    const scope = await sources.scopeOfObject(id);
    if (scope !== undefined && scope !== "all") return scope;
  }
  const [first] = named.environments;
  if (!first || permission.reach === "everywhere") return undefined;
  if (first.name !== "") return sources.environments.lookup(first.name)?.scope;
  // For tokens, to name none is to mean all.
  return permission.client === "creation" ? sources.environments.default.scope : undefined;
}
