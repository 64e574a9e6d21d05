import { networkCommand } from "./network-command.ts";

export interface NetworkInterface {
  name: string;
  mtu: number;
  /** With prefix lengths: "192.0.2.2/24". */
  ipv4: string[];
}

/** Network interfaces of the host, down ones too. */
export async function networkInterfaces(): Promise<NetworkInterface[]> {
  const entries = JSON.parse(await networkCommand("ip", ["-json", "address", "show"])) as {
    ifname?: string;
    mtu?: number;
    addr_info?: { family?: string; local?: string; prefixlen?: number }[];
  }[];
  return entries.flatMap((entry) =>
    entry.ifname === undefined
      ? []
      : [
          {
            name: entry.ifname,
            mtu: entry.mtu ?? 1500,
            ipv4: (entry.addr_info ?? [])
              .filter((address) => address.family === "inet")
              .map((address) => `${address.local}/${address.prefixlen}`),
          },
        ],
  );
}

export interface Route {
  destination: string;
  device: string | undefined;
}

/** IPv4 routes of every routing table. */
export async function ipv4Routes(): Promise<Route[]> {
  const text = await networkCommand("ip", ["-4", "-json", "route", "show", "table", "all"]);
  const routes = JSON.parse(text || "[]") as { dst?: string; dev?: string }[];
  return routes.map((route) => ({ destination: route.dst ?? "default", device: route.dev }));
}
