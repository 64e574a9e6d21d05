import { isIPv4 } from "node:net";

/** The 4 or 16 bytes of an IP address as it is written. */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const written = address.replace(/(?<![\d.])[\d.]+$/, (last) => (isIPv4(last) ? groupsOf(last) : last));
  const [head = "", tail] = written.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...before, ...zeros, ...after].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  }
  return bytes;
}

/** The end of an IPv6 address may be written as an IPv4 address. */
function groupsOf(address: string): string {
  const bytes = Buffer.from(address.split(".").map(Number));
  return `${bytes.readUInt16BE(0).toString(16)}:${bytes.readUInt16BE(2).toString(16)}`;
}
