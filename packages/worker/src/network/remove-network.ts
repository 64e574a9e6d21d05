import { setTimeout as delay } from "node:timers/promises";
import { networkInterfaces } from "./network-interfaces.ts";
import { networkCommand, tryNetworkCommand } from "./network-command.ts";
import { networkNames } from "./network-names.ts";

/** Deletes the network devices and rules of `instance`; what is not there is not missed. Returns how many there were. */
export async function removeNetwork(instance: string): Promise<{ links: number; natTables: number }> {
  const { bridge, table, linkPrefix } = networkNames(instance);
  const links = (await networkInterfaces())
    .map((entry) => entry.name)
    .filter((name) => name === bridge || name.startsWith(`${linkPrefix}-`));
  for (const name of links) await removeLink(name);
  const tables = (await networkCommand("nft", ["list", "tables"])).split("\n");
  if (!tables.includes(`table inet ${table}`)) return { links: links.length, natTables: 0 };
  await networkCommand("nft", ["delete", "table", "inet", table]);
  return { links: links.length, natTables: 1 };
}

/** A cable goes by itself when the kernel frees the namespace of its other end, at some time: that is no failure. */
export async function removeLink(name: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const { code } = await tryNetworkCommand("ip", ["link", "delete", name]);
    if (code === 0) return;
    if (!(await networkInterfaces()).some((entry) => entry.name === name)) return;
    await delay(50);
  }
  await networkCommand("ip", ["link", "delete", name]);
}
