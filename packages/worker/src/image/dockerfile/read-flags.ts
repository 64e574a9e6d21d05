export interface Flag {
  name: string;
  /** Undefined for one without "=". Quotes are removed; variables are not replaced yet. */
  value: string | undefined;
}

/** Parts the flags that an instruction begins with from what follows them. */
export function readFlags(text: string): { flags: Flag[]; rest: string } {
  const flags: Flag[] = [];
  let rest = text;
  for (;;) {
    const [whole, name, value] = /^--([\w-]+)(?:=((?:"[^"]*"|'[^']*'|\S)*))?(?:\s+|$)/.exec(rest) ?? [];
    if (whole === undefined || name === undefined) return { flags, rest };
    flags.push({ name, value: value?.replaceAll(/(["'])(.*?)\1/g, "$2") });
    rest = rest.slice(whole.length);
  }
}
