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
