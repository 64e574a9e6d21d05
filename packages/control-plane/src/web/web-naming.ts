/** How web functions are told apart. */
export type WebNaming =
  /** By their ports on one host. */
  | { kind: "ports"; scheme: "http" | "https"; host: string }
  /** By host names under one domain. `port` is what clients connect to; undefined for the scheme's own. */
  | { kind: "domain"; scheme: "http" | "https"; domain: string; port: number | undefined };

/** Where a web function with this label and port is reached. */
export function addressUnder(
  naming: WebNaming,
  { label, port }: { label: string; port: number | null },
): string {
  if (naming.kind === "ports") return `${naming.scheme}://${naming.host}:${port}`;
  const suffix = naming.port === undefined ? "" : `:${naming.port}`;
  return `${naming.scheme}://${label}.${naming.domain}${suffix}`;
}

/** The label in the host that a client names; undefined when it is not under the domain. */
export function labelIn(host: string, { domain }: WebNaming & { kind: "domain" }): string | undefined {
  const name = nameIn(host);
  return name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : undefined;
}

/** Whether a host name is the server's own: clients of other functions go by it, so none has it for itself. */
export function isOwnName(host: string, naming: WebNaming): boolean {
  const name = nameIn(host);
  return naming.kind === "ports"
    ? name === naming.host.toLowerCase()
    : `.${name}`.endsWith(`.${naming.domain}`);
}

function nameIn(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}
