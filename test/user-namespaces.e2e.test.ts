import { readFile, readlink } from "node:fs/promises";
import { Function as RemoteFunction } from "dorian";
import { containersWith } from "@dorian/testkit/containers";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer } from "@dorian/testkit/running-server";
import { expect, test } from "vitest";

const source = `
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir, stat, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, Volume } from "dorian";

const volume = Volume.fromName("owners", { createIfMissing: true });
export const app = new App("owners", { image: Image.debianSlim() });

async function untilTold() {
  await writeFile("/tmp/here", "");
  while (!existsSync("/tmp/go")) await delay(20);
  return process.getuid?.();
}
export const first = app.function({ name: "first" }, untilTold);
export const second = app.function({ name: "second", blockNetwork: true }, untilTold);

export const write = app.function({ name: "write", volumes: { "/data": volume } }, async () => {
  await mkdir("/data/of-root/deep", { recursive: true });
  await writeFile("/data/of-root/deep/file", "x");
  await writeFile("/data/of-user", "x");
  await chown("/data/of-user", 1000, 1000);
  await volume.commit();
});

/** Owners as another container sees them, and whether its root may change what the first one wrote. */
export const look = app.function({ name: "look", volumes: { "/data": volume } }, async () => {
  const owners = await Promise.all(["/data/of-root/deep", "/data/of-root/deep/file", "/data/of-user", "/etc/passwd", "/run/dorian"]
    .map(async (path) => (await stat(path)).uid));
  await writeFile("/data/of-user", "y");
  await chown("/data/of-user", 33, 33);
  await volume.commit();
  return { owners, after: (await stat("/data/of-user")).uid };
});

export const shell = app.function({ name: "shell" }, (command: string) => new Promise<string>((resolve) => {
  execFile("/bin/sh", ["-c", command], (error, stdout, stderr) => resolve((error ? "failed: " : "") + stdout + stderr));
}));
`;

function functionOf<A extends unknown[], R>(name: string): RemoteFunction<(...args: A) => Promise<R>> {
  return RemoteFunction.fromName<(...args: A) => Promise<R>>("owners", name);
}

/** A machine on which nothing of Dorian's ever ran, and an operator who shares no files. */
const fresh = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && umask 077 && exec "$@"', "sh"];

function running(args: string[], within: string[] = []) {
  return runningServer({ apps: [source], args, within });
}

async function userOf(pid: number): Promise<number> {
  return Number(/^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]);
}

test("each container's root is a user of its own on the machine, and files keep their owners from one container to the next", async () => {
  await using dorianUp = await running(["--user-namespaces", "on"]);
  const calls = [
    await functionOf<[], number>("first").spawn(),
    await functionOf<[], number>("second").spawn(),
  ];
  const containers = await containersWith(dorianUp.dataDirectory, "/tmp/here", { count: 2 });
  const users = await Promise.all(containers.map(({ pid }) => userOf(pid)));
  expect(Math.min(...users)).toBeGreaterThanOrEqual(0x1000_0000);
  expect(Math.abs((users[0] ?? 0) - (users[1] ?? 0))).toBeGreaterThanOrEqual(0x1_0000);
  for (const { pid } of containers) {
    for (const kind of ["user", "net"]) {
      expect(await readlink(`/proc/${pid}/ns/${kind}`)).not.toBe(await readlink(`/proc/self/ns/${kind}`));
    }
  }
  const entered = await dorian(dorianUp.dataDirectory, [
    "container",
    "exec",
    containers[0]?.taskId ?? "",
    "--",
    "id",
    "-u",
  ]);
  expect(entered.stdout.trim(), entered.stderr).toBe("0");
  for (const container of containers) container.touch("/tmp/go");
  expect(await Promise.all(calls.map((call) => call.get()))).toEqual([0, 0]);

  await functionOf<[], void>("write").remote();
  expect(await functionOf<[], unknown>("look").remote()).toEqual({ owners: [0, 0, 1000, 0, 0], after: 33 });
  const shell = functionOf<[string], string>("shell");
  // Directories of packages and of the system are root's to change, which here is the container's.
  expect(
    await shell.remote("touch /etc/x /usr/lib/x && mv /usr/share/doc /usr/share/doc2 && echo done"),
  ).toBe("done\n");
});

test("where the operator says so, containers share the machine's user ids as before", async () => {
  await using dorianUp = await running(["--user-namespaces", "off"]);
  const call = await functionOf<[], number>("first").spawn();
  const [container] = await containersWith(dorianUp.dataDirectory, "/tmp/here");
  expect(await userOf(container?.pid ?? 0)).toBe(0);
  container?.touch("/tmp/go");
  expect(await call.get()).toBe(0);
});

test("containers have user ids of their own also on a machine where nothing ran before, whatever umask the operator has", async () => {
  await using dorianUp = await running(["--user-namespaces", "on"], fresh);
  const call = await functionOf<[], number>("first").spawn();
  const [container] = await containersWith(dorianUp.dataDirectory, "/tmp/here", { count: 1 });
  expect(await userOf(container?.pid ?? 0)).toBeGreaterThanOrEqual(0x1000_0000);
  container?.touch("/tmp/go");
  expect(await call.get()).toBe(0);
  const shell = functionOf<[string], string>("shell");
  expect(
    await shell.remote(
      "umask; su nobody -s /bin/sh -c 'ls / >/dev/null && cat /etc/hosts >/dev/null && echo reads'",
    ),
  ).toBe("0022\nreads\n");
});
