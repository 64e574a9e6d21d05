import type { Environments } from "../environment/environments.ts";
import { namedInRequest } from "../permission/named-in-request.ts";
import type { ObjectEnvironments, Reach } from "../permission/reach.ts";
import type { RecordedCall } from "./audit-recorder.ts";

/** Scope of the environment that a call concerns: its caller's only one, that of an object it names, or the one it names. */
export async function environmentOfCall(
  { permission, method, request, context }: RecordedCall,
  sources: { environments: Environments; environmentOf: ObjectEnvironments; reach: Reach },
): Promise<string | undefined> {
  const own = sources.reach.environmentOf(context.identity);
  if (own !== undefined) return own;
  const named = namedInRequest(method.input, request, permission);
  for (const id of named.ids) {
    const environment = await sources.environmentOf(id);
    if (environment !== undefined && environment !== "all") return environment;
  }
  const [first] = named.environments;
  if (!first || permission.reach === "everywhere") return undefined;
  if (first.name !== "") return sources.environments.lookup(first.name)?.scope;
  // For tokens, to name none is to mean all.
  return permission.client === "creation" ? sources.environments.default.scope : undefined;
}
