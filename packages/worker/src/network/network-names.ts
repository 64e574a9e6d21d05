/** Names of what the worker `instance` (eight hex digits) puts into the host's network: by these it is found again. */
export function networkNames(instance: string): {
  bridge: string;
  table: string;
  /** Every host end of a container's cable starts with it. */
  linkPrefix: string;
} {
  // The kernel allows 15 characters for an interface.
  return { bridge: `dor-${instance}`, table: `dorian_${instance}`, linkPrefix: `dv${instance}` };
}

/** Host end of the cable number `index`; 36 ** 4 of them before a name comes again. */
export function linkName(instance: string, index: number): string {
  return `${networkNames(instance).linkPrefix}-${(index % 36 ** 4).toString(36)}`;
}

/**
 * Hardware address of the bridge. One that is not set follows those of the cables, as they come and go; containers would
 * go on sending to the one they have learnt, and be without a network until they ask again.
 */
export function hardwareAddress(instance: string): string {
  // The second bit of the first byte marks it as given out locally.
  return ["02", "d0", ...(instance.match(/../g) ?? [])].join(":");
}
