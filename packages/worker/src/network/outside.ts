import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "@dorian/linux/remove-tree";
import { unmount } from "@dorian/linux/mount";
import { createNetworkNamespace, inNetworkNamespace } from "@dorian/linux/network-namespace";
import { networkCommand } from "./network-command.ts";

/**
 * For tests: a machine beyond the host (a namespace at the other end of a cable) that serves a page on port 80, at
 * `more` addresses too.
 */
export async function outsideMachine(more: readonly string[] = []) {
  await using made = new AsyncDisposableStack();
  const tag = randomBytes(2).toString("hex");
  const directory = await mkdtemp(join(tmpdir(), "dorian-outside-"));
  made.defer(() => removeTree(directory));
  await writeFile(join(directory, "index.html"), "outside");
  const path = join(directory, "netns");
  createNetworkNamespace(path, () => undefined);
  made.defer(() => void unmount(path));
  // TEST-NET-2 and -3 are nobody's; a random part keeps two tests apart.
  const net = `198.51.100.${(Number.parseInt(tag, 16) % 63) * 4}`;
  const at = (offset: number) => net.replace(/(?<!\d)\d+$/, (last) => String(Number(last) + offset));
  const link = `dout-${tag}`;
  await networkCommand(
    "ip",
    ["-batch", "-"],
    `link add ${link} type veth peer name eth0 netns ${path}\naddress add ${at(1)}/30 dev ${link}\nlink set ${link} up`,
  );
  made.defer(async () => void (await networkCommand("ip", ["link", "delete", link])));
  await inNetworkNamespace(path, () =>
    networkCommand(
      "ip",
      ["-batch", "-"],
      [
        "link set lo up",
        `address add ${at(2)}/30 dev eth0`,
        ...more.map((address) => `address add ${address}/32 dev lo`),
        "link set eth0 up",
        `route add default via ${at(1)}`,
      ].join("\n"),
    ),
  );
  // They go with the link.
  for (const address of more) {
    await networkCommand("ip", ["route", "add", `${address}/32`, "via", at(2), "dev", link]);
  }
  const server = inNetworkNamespace(path, () =>
    spawn("/bin/busybox", ["httpd", "-f", "-p", "80", "-h", directory], { stdio: "ignore" }),
  );
  made.defer(
    () =>
      new Promise<void>((resolve) => {
        server.once("exit", () => resolve());
        server.kill("SIGKILL");
      }),
  );
  const all = made.move();
  return {
    address: at(2),
    hostAddress: at(1),
    /** Whether it gets a connection to a port of an address, which it asks the host for. */
    async reaches(address: string, port: number): Promise<boolean> {
      const dial = inNetworkNamespace(path, () =>
        spawn("/bin/busybox", ["nc", "-w", "2", address, String(port)], { stdio: "ignore" }),
      );
      const [code] = (await once(dial, "exit")) as [number | null];
      return code === 0;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
