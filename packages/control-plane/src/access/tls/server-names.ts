import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";

/** Everything that clients may call this machine: its certificate holds for each. */
export function serverNames(extra: readonly string[]): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    // Without its zone an address of one link says nothing, and with it no certificate holds it.
    .filter(({ address }) => !address.startsWith("fe80:"))
    .map(({ address }) => address);
  const names = ["localhost", "127.0.0.1", "::1", hostname(), ...addresses, ...extra];
  return [...new Set(names.map((name) => name.toLowerCase()))].toSorted();
}

/** True for what stands in addresses as a name or an IP address. */
export function isHostName(text: string): boolean {
  return isIP(text) !== 0 || /^(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/i.test(text);
}
