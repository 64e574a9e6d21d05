import { taskHttpHost } from "@dorian/protocol/convention/task-http";

const table = "dorian_web";

/**
 * Rules for a container's own network: what it sends to loopback at ports of web functions leaves for the host, since a
 * server on loopback gives out addresses there. All else on loopback stays the container's. Pure.
 */
export function loopbackRules(ports: readonly number[]): string {
  const emptied = `table ip ${table}\ndelete table ip ${table}\n`;
  if (ports.length === 0) return emptied;
  return `${emptied}
table ip ${table} {
  chain output {
    type nat hook output priority -100; policy accept;
    ip daddr 127.0.0.0/8 tcp dport { ${ports.join(", ")} } dnat to ${taskHttpHost}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 127.0.0.0/8 oifname "eth0" masquerade
  }
}
`;
}
