import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerMount } from "./container-spec.ts";

/** What a container is called, and how it reaches others. */
export interface Surroundings {
  hostname: string;
  /** Undefined: it reaches nobody. */
  network: { address: string; resolvConf: string } | undefined;
}

/** Stands for the host's own name where there is no other address, beside that of `localhost`. */
const ownAddress = "127.0.1.1";

/** Writes the files by which programs find their own name and that of others. Returns how to mount them. */
export function etcFiles(directory: string, surroundings: Surroundings): ContainerMount[] {
  const { hostname, network } = surroundings;
  const files = {
    hosts: hostsFile(hostname, network?.address ?? ownAddress),
    hostname: `${hostname}\n`,
    "resolv.conf": network?.resolvConf ?? "",
  };
  const mounts: ContainerMount[] = [];
  for (const [name, content] of Object.entries(files)) {
    const source = join(directory, name);
    writeFileSync(source, content);
    mounts.push({ source, target: `/etc/${name}`, readOnly: true });
  }
  return mounts;
}

/** Without it `localhost` would be asked of the DNS, and the own name found nowhere. */
function hostsFile(hostname: string, address: string): string {
  return `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${address}\t${hostname}\n`;
}
