import { Secret } from "@dorian/sdk";
import type { Registered } from "@dorian/sdk/class/registered";

/** The secrets that an item's options name, and its variables as one more. */
export function secretsOf({ options }: Registered): Secret[] {
  return [...(options.secrets ?? []), ...(options.env ? [Secret.fromObject(options.env)] : [])];
}
