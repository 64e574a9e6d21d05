import { networkInterfaces } from "node:os";

/** `127.0.0.1:7070`, or `[::1]:7070`. */
export function parseListen(listen: string): { host: string; port: number } {
  const colon = listen.lastIndexOf(":");
  const host = listen.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(listen.slice(colon + 1)) };
}

/** An address for a host that means all of them: the first that other machines see, else this machine alone. */
export function reachableHost(host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return host;
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find((each) => !each.internal && each.family === "IPv4")?.address ?? "127.0.0.1";
}

/** A host as addresses name it. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
