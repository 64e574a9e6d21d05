import { cloudMetadata } from "@dorian/operator/machine-address";
import { taskHttpHost } from "@dorian/protocol/convention/task-http";

export interface NatOptions {
  table: string;
  bridge: string;
  /** The containers' addresses, "10.64.0.0/20". */
  range: string;
  gateway: string;
  /** Resolvers that containers ask themselves. */
  resolvers: string[];
  /** Port on the gateway of a resolver that the host runs for them. */
  dnsPort?: number;
  /** Port on the gateway at which the server's HTTP is passed on. */
  httpPort: number;
  /** Ports at which web functions are reached, and on the gateway where each is passed on. */
  webPorts: ReadonlyMap<number, number>;
  /** Ranges that containers do not reach. */
  blocked: readonly string[];
}

/**
 * The nftables rules of a worker, all in one table of its own: containers reach what is outside, and neither the host
 * nor each other; what is forwarded for them is for them alone. Loading them replaces an earlier version at once. Pure.
 */
export function natRules(options: NatOptions): string {
  const { table, bridge, range, gateway, resolvers, dnsPort, httpPort, webPorts, blocked } = options;
  const web = [...webPorts].map(([port, local]) => `${port} : ${local}`).join(", ");
  const ipv4Resolvers = resolvers.length > 0 ? `{ ${resolvers.join(", ")} }` : undefined;
  return `
table inet ${table}
delete table inet ${table}
table inet ${table} {
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "${bridge}" oifname "${bridge}" drop
    oifname "${bridge}" ct state established,related accept
    oifname "${bridge}" drop
    iifname "${bridge}" ip saddr != ${range} drop
    iifname "${bridge}" meta nfproto ipv6 drop
    ${ipv4Resolvers ? `iifname "${bridge}" ip daddr ${ipv4Resolvers} meta l4proto { tcp, udp } th dport 53 accept` : ""}
    # Clouds serve the machine's own credentials on link-local addresses, and on a few others.
    iifname "${bridge}" ip daddr { 169.254.0.0/16, ${cloudMetadata.ipv4.join(", ")} } drop
    ${blocked.map((range) => `iifname "${bridge}" ip daddr ${range} drop`).join("\n    ")}
    iifname "${bridge}" accept
  }
  chain input {
    type filter hook input priority filter; policy accept;
    iifname "${bridge}" ct state established,related accept
    ${dnsPort === undefined ? "" : `iifname "${bridge}" ip daddr ${gateway} meta l4proto { tcp, udp } th dport ${dnsPort} accept`}
    iifname "${bridge}" ct original ip daddr ${taskHttpHost} ip daddr ${gateway} tcp dport ${httpPort} accept
    ${web && `iifname "${bridge}" ct status dnat ip daddr ${gateway} tcp dport { ${[...webPorts.values()].join(", ")} } accept`}
    iifname "${bridge}" drop
    # A machine beside this one could send what is for the gateway here, and what listens on loopback alone stands behind it.
    iifname != "lo" ip daddr ${gateway} drop
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ${dnsPort === undefined ? "" : `iifname "${bridge}" ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 redirect to :${dnsPort}`}
    iifname "${bridge}" ip daddr ${taskHttpHost} tcp dport 80 redirect to :${httpPort}
    # Web functions are reached by the addresses that everybody has for them, which may be this machine's.
    ${web && `iifname "${bridge}" ip daddr ${taskHttpHost} meta l4proto tcp redirect to :tcp dport map { ${web} }`}
    ${web && `iifname "${bridge}" fib daddr type local meta l4proto tcp redirect to :tcp dport map { ${web} }`}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${range} oifname != "${bridge}" masquerade
  }
}
`;
}
