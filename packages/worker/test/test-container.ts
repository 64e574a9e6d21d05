import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "@dorian/linux/remove-tree";
import { busyboxRootfs } from "@dorian/testkit/busybox-rootfs";
import { reapLeftovers } from "../src/reap/reap-leftovers.ts";
import type { ContainerSpec } from "../src/container/container-spec.ts";
import { RuncRuntime, type RuncRuntimeOptions } from "../src/container/runc/runc-runtime.ts";

/** For tests: a runtime with directories and an instance name of its own, and specs for its containers. */
export async function testRuntime(
  options?: Pick<RuncRuntimeOptions, "cdiDirectories" | "defaultLimits" | "startsAhead">,
) {
  await using made = new AsyncDisposableStack();
  const rootfs = made.use(await busyboxRootfs());
  const instance = randomBytes(4).toString("hex");
  const runtimeDirectory = await mkdtemp(join(tmpdir(), "dorian-run-"));
  made.defer(() => rm(runtimeDirectory, { recursive: true, force: true }));
  made.defer(async () => void (await reapLeftovers({ instance, runtimeDirectory, discard: removeTree })));
  const runtime = made.use(new RuncRuntime({ instance, runtimeDirectory, ...options }));
  const all = made.move();
  let count = 0;
  return {
    instance,
    runtimeDirectory,
    rootfs: rootfs.path,
    runtime,
    spec(script: string, more: Partial<ContainerSpec> = {}): ContainerSpec {
      count += 1;
      return {
        id: `test-${count}`,
        rootfs: rootfs.path,
        args: ["/bin/sh", "-c", script],
        env: { PATH: "/bin" },
        cwd: "/",
        user: { uid: 0, gid: 0 },
        hostname: "dorian",
        mounts: [],
        network: { kind: "none" },
        limits: { pids: 100 },
        devices: [],
        ...more,
      };
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Collects output as text. */
export function collector() {
  const text = { stdout: "", stderr: "" };
  return {
    text,
    onOutput: (stream: "stdout" | "stderr", chunk: Buffer) => void (text[stream] += chunk.toString()),
  };
}
