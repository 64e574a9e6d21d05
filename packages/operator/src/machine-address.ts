import { BlockList, isIP, isIPv4 } from "node:net";

/**
 * Where clouds serve a machine's own credentials, besides link-local addresses: Azure, Alibaba, Oracle; AWS and Google
 * over IPv6.
 */
export const cloudMetadata = {
  ipv4: ["168.63.129.16", "100.100.100.200", "192.0.0.192"],
  ipv6: ["fd00:ec2::254", "fd20:ce::254"],
} as const;

/** What no address of another machine is in, by the words for it. */
const unreachable: readonly [what: string, ranges: readonly string[]][] = [
  ["loopback, which is the worker's own machine", ["127.0.0.0/8", "::1/128"]],
  ["no address of a machine", ["0.0.0.0/8", "224.0.0.0/3", "::/96", "ff00::/8", "fec0::/10"]],
  ["link-local, where clouds serve a machine's own credentials", ["169.254.0.0/16", "fe80::/10"]],
  [
    "where a cloud serves a machine's own credentials",
    [
      ...cloudMetadata.ipv4.map((address) => `${address}/32`),
      ...cloudMetadata.ipv6.map((address) => `${address}/128`),
    ],
  ],
  // What is at their other end cannot be told from the address in each case.
  ["the address of a tunnel", ["2002::/16", "2001::/32", "64:ff9b:1::/48"]],
];

const unreachableLists = unreachable.map(([what, ranges]) => ({ what, list: addressList(ranges) }));

/** IPv6 addresses that stand for the IPv4 address in their last 32 bits: mapped, translated, and of NAT64. */
const embedding = addressList(["::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"]);

/** An interface of this machine, as `os.networkInterfaces()` has it. */
export interface MachineInterface {
  name: string;
  address: string;
  cidr: string | null;
}

/** Interfaces of Dorian's own begin with it: behind them are the containers of this machine. */
export const containerBridgePrefix = "dor-";

/**
 * Why an address leads to this machine itself, or to what speaks for it, in words that go on after "is"; undefined for
 * an address of some other machine. Pure.
 */
export function machineAddress(address: string, interfaces: readonly MachineInterface[]): string | undefined {
  const plain = ipv4Within(address);
  for (const { what, list } of unreachableLists) if (isIn(list, plain)) return what;
  const own = interfaces.filter(({ name }) => !name.startsWith(containerBridgePrefix));
  if (isIn(addressList(own.map((each) => each.address)), plain))
    return "an address of the worker's own machine";
  const bridges = interfaces.filter(({ name }) => name.startsWith(containerBridgePrefix));
  const networks = bridges.flatMap(({ cidr }) => cidr ?? []);
  return isIn(addressList(networks), plain) ? "of the containers of the worker's machine" : undefined;
}

/** Ranges such as "10.0.0.0/8", and single addresses. */
export function addressList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.replace(/%[^/]*/, "").split("/");
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** Whether it is a range or an address that {@link addressList} takes. */
export function isAddressRange(text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return (
    bits > 0 &&
    rest.length === 0 &&
    (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
  );
}

export function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

/** The IPv4 address that an IPv6 address stands for; else the address without its zone. */
export function ipv4Within(address: string): string {
  const plain = address.replace(/%.*/, "");
  if (isIPv4(plain) || !isIn(embedding, plain)) return plain;
  const groups = new URL(`http://[${plain}]`).hostname.slice(1, -1).split(":");
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group || "0", 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
