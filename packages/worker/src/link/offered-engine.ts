import { basename } from "node:path";
import type { ContainerRuntimeName } from "@dorian/protocol/convention/container-runtime";

/**
 * What snapshots depend on where this worker brings containers back, in one text: the engine, and what it meets there. Empty where it
 * takes none.
 */
export function offeredEngine({
  engine,
  standard,
  guestLayer,
  runc,
  ownIds,
}: {
  engine: string | undefined;
  /** What runs functions that ask for no runtime. */
  standard: ContainerRuntimeName;
  /** Its name says what it holds: memory has the guest that it began with. */
  guestLayer: string;
  /** What runc says of its version. */
  runc: string;
  /** Containers have user ids of their own. */
  ownIds: boolean;
}): string {
  if (engine === undefined || standard === "runsc") return "";
  const [version = ""] = runc.split("\n");
  return [engine, `guest ${basename(guestLayer)}`, version, ownIds ? "own ids" : "host ids"].join(", ");
}
