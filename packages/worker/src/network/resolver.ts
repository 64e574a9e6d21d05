import { parseRange } from "./address-range.ts";

export interface Resolver {
  /** For the containers' /etc/resolv.conf. */
  resolvConf: string;
  /** Where the host has to pass queries on to, when containers cannot reach the host's resolver themselves. */
  forwardTo?: string;
}

/**
 * How containers resolve names, from the host's resolv.conf. A resolver on an address of the host's own (systemd's,
 * dnsmasq) or on IPv6 is out of their reach, so they ask their gateway and the host passes it on. Pure.
 */
export function containerResolver(options: {
  hostResolvConf: string;
  /** IPv4 addresses of the host's interfaces. */
  hostAddresses: string[];
  gateway: string;
}): Resolver {
  const { hostResolvConf, hostAddresses, gateway } = options;
  const lines = hostResolvConf.split("\n").map((line) => line.trim());
  const nameservers = lines
    .map((line) => /^nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((address) => address !== undefined);
  const rest = lines.filter((line) => /^(search|domain|options)\s/.test(line));
  const reachable = nameservers.filter(
    (address) => parseRange(address) && !address.startsWith("127.") && !hostAddresses.includes(address),
  );
  // The first is the one that knows the site's own names.
  const [first] = nameservers;
  const forward = first !== undefined && !reachable.includes(first);
  const servers = forward ? [gateway] : reachable;
  return {
    resolvConf: [...servers.map((address) => `nameserver ${address}`), ...rest]
      .map((line) => `${line}\n`)
      .join(""),
    ...(forward && { forwardTo: first }),
  };
}
