import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { bindMount, makeShared, mountOverlay } from "@dorian/linux/mount";
import { RuncRuntime } from "../container/runc/runc-runtime.ts";
import { NetworkPool } from "../network/network-pool.ts";
import { showAlive } from "./dead-workers.ts";

// For the kill test: holds one of everything that a worker holds, prints a line of JSON, and waits to be killed.
const [instance = "", runtimeDirectory = "", rootfs = "", scratch = ""] = process.argv.slice(2);
await showAlive({ instance, runtimeDirectory }, { signal: new AbortController().signal });
for (const name of ["upper", "work", "volume"]) mkdirSync(join(scratch, name));
bindMount(runtimeDirectory, runtimeDirectory);
makeShared(runtimeDirectory);
const root = join(runtimeDirectory, "root");
mkdirSync(root);
mountOverlay(root, { lower: [rootfs], upper: join(scratch, "upper"), work: join(scratch, "work") });

const runtime = new RuncRuntime({ instance, runtimeDirectory, startsAhead: true });
const network = await NetworkPool.open({ instance, runtimeDirectory, size: 2 });
const signal = new AbortController().signal;
const pids: number[] = [];
for (const id of ["running", "frozen"]) {
  const lease = await network.acquire({ signal });
  const container = await runtime.run(
    {
      id,
      rootfs: root,
      args: ["/bin/sh", "-c", "sleep 1000 & exec sleep 1000"],
      env: { PATH: "/bin" },
      cwd: "/",
      user: { uid: 0, gid: 0 },
      hostname: "dorian",
      mounts: [{ source: join(scratch, "volume"), target: "/vol", readOnly: false, propagation: "slave" }],
      network: { kind: "namespace", path: lease.path },
      limits: { pids: 100, memoryBytes: 64 * 1024 * 1024 },
      devices: [],
    },
    { onOutput: () => undefined },
  );
  void container.exec(["/bin/sh", "-c", "sleep 1000"], { onOutput: () => undefined, signal });
  // The init, two that sleep, and the one that was entered.
  while ((await container.pids()).length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  pids.push(...(await container.pids()));
  if (id === "frozen") await container.freeze();
}
process.stdout.write(`${JSON.stringify({ pids })}\n`);
// Goes on starting containers, so that the kill finds one half started.
for (let count = 0; ; count += 1) {
  const container = await runtime.run(
    {
      id: `short-${count}`,
      rootfs: root,
      args: ["/bin/true"],
      env: {},
      cwd: "/",
      user: { uid: 0, gid: 0 },
      hostname: "dorian",
      mounts: [],
      network: { kind: "none" },
      limits: { pids: 10 },
      devices: [],
    },
    { onOutput: () => undefined },
  );
  await container[Symbol.asyncDispose]();
}
