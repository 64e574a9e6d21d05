import { AppError } from "@dorian/base/app-error";
import { unserved } from "./unserved-purposes.ts";

export type UnservedCall = (typeof unserved)[number]["calls"][number];

const byCall = new Map<string, { what: string; instead: string }>(
  unserved.flatMap(({ what, instead, calls }) => calls.map((call) => [call, { what, instead }] as const)),
);

/** Those that look something up by its name: clients tell users what is not there, or make it. */
const lookups: ReadonlySet<string> = new Set([
  "ProxyGet",
  "SandboxGetFromName",
  "SandboxGetFromNameV2",
  "PersistentSandboxGet",
  "EndpointGetByName",
] satisfies UnservedCall[]);

/** The answer to a call that is not served: what to use instead. Undefined for a call that nobody knows. */
export function unservedCall(call: string): AppError | undefined {
  const known = byCall.get(call);
  if (!known) return undefined;
  const { what, instead } = known;
  return new AppError("CALL_NOT_SERVED", `Dorian does not serve ${call}: ${what}.`, {
    status: lookups.has(call) ? "NOT_FOUND" : "UNIMPLEMENTED",
    remedy: instead,
  });
}

/** Every call that has such an answer. */
export function unservedCalls(): string[] {
  return [...byCall.keys()];
}
