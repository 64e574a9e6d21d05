import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile, readlink } from "node:fs/promises";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { Function as RemoteFunction } from "dorian";
import { containersWith } from "@dorian/testkit/containers";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);

const source = `
import { execFile } from "node:child_process";
import { readFile, readlink, writeFile, readdir } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createServer, connect } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, currentTaskId } from "dorian";

const image = Image.debianSlim();
export const app = new App("isolation", { image });

export const look = app.function({ name: "look" }, async () => {
  const kinds = ["pid", "mnt", "uts", "ipc", "net", "cgroup"];
  const status = await readFile("/proc/self/status", "utf8");
  return {
    namespaces: Object.fromEntries(await Promise.all(kinds.map(async (kind) => [kind, await readlink("/proc/self/ns/" + kind)]))),
    status: Object.fromEntries([...status.matchAll(/^(\\w+):\\s+(.*)$/gm)].map(([, name, value]) => [name, value])),
    processes: (await readdir("/proc")).filter((name) => /^\\d+$/.test(name)).length,
    hostname: hostname(),
  };
});

/** Output of a shell command, whatever comes of it. */
export const shell = app.function({ name: "shell" }, (command: string) => new Promise<string>((resolve) => {
  execFile("/bin/sh", ["-c", command], { timeout: 60_000 }, (error, stdout, stderr) => resolve((error ? "failed: " : "") + stdout + stderr));
}));

function dial(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1500 });
    const end = (answer: string) => { socket.destroy(); resolve(answer); };
    socket.once("connect", () => end("connected"));
    socket.once("timeout", () => end("timeout"));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? "error"));
  });
}

export const tryAll = app.function({ name: "tryAll" }, (targets: [string, number][]) =>
  Promise.all(targets.map(([host, port]) => dial(host, port))));

/** Listens on all its addresses until somebody makes /tmp/go, and connects to itself to show that it does. */
export const listen = app.function({ name: "listen" }, async () => {
  const server = createServer((socket) => socket.end()).listen(9000, "0.0.0.0");
  const address = Object.values(networkInterfaces()).flat().find((each) => each && !each.internal && each.family === "IPv4")?.address ?? "";
  await writeFile("/tmp/address", address);
  const self = await dial(address, 9000);
  await writeFile("/tmp/listening", "");
  while (!existsSync("/tmp/go")) await delay(20);
  server.close();
  return self;
});

export const offline = app.function({ name: "offline", blockNetwork: true }, async () => ({
  interfaces: Object.keys(networkInterfaces()),
  outside: await dial("1.1.1.1", 443),
  name: await dial("registry.npmjs.org", 443),
}));

/** Share of one core that four busy processes get. */
export const burn = app.function({ name: "burn", cpu: { request: 0.1, limit: 0.4 } }, async () => {
  const work = "const end = Date.now() + 2000; while (Date.now() < end); process.stdout.write(String(process.cpuUsage().user + process.cpuUsage().system))";
  const started = performance.now();
  const used = await Promise.all([1, 2, 3, 4].map(() => new Promise<number>((resolve) => {
    execFile("/usr/local/bin/node", ["-e", work], (error, stdout) => resolve(Number(stdout)));
  })));
  return used.reduce((sum, each) => sum + each, 0) / 1000 / (performance.now() - started);
});

export const asUser = app.function({ name: "asUser", image: image.dockerfileCommands("USER nobody") }, async () => process.getuid?.());

export const limited = app.function({ name: "limited", memory: { request: 64, limit: 200 } }, async () => {
  await writeFile("/tmp/limited", "");
  while (!existsSync("/tmp/go")) await delay(20);
  return currentTaskId();
});
`;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({ apps: [source] });
});

afterAll(() => server[Symbol.asyncDispose]());

function functionOf<R>(name: string): RemoteFunction<(...args: never[]) => Promise<R>> {
  return RemoteFunction.fromName<(...args: never[]) => Promise<R>>("isolation", name);
}

const shell = (command: string) => functionOf<string>("shell").remote(command as never);

test("a container has namespaces of its own, few capabilities, no new privileges and a system call filter", async () => {
  const seen = await functionOf<{
    namespaces: Record<string, string>;
    status: Record<string, string>;
    processes: number;
    hostname: string;
  }>("look").remote();
  for (const [kind, namespace] of Object.entries(seen.namespaces)) {
    expect(namespace).not.toBe(await readlink(`/proc/self/ns/${kind}`));
  }
  // What Docker leaves to root, without NET_RAW, MKNOD and AUDIT_WRITE.
  const capabilities = "00000000800405fb";
  expect(seen.status).toMatchObject({
    CapEff: capabilities,
    CapBnd: capabilities,
    NoNewPrivs: "1",
    Seccomp: "2",
  });
  expect(seen.status).toMatchObject({ CapInh: "0000000000000000", CapAmb: "0000000000000000" });
  expect(seen.processes).toBeLessThan(5);
  expect(seen.hostname).toBe("dorian");
});

test("what is the machine's own is out of a container's reach", async () => {
  const device = (await run("findmnt", ["-no", "MAJ:MIN", "/"])).stdout.trim().replace(":", " ");
  const tries = {
    "a mount": "mount -t tmpfs none /mnt",
    "a new namespace": "unshare --mount true",
    "kernel settings": "echo 1 > /proc/sys/kernel/sysrq",
    "control groups": "mkdir /sys/fs/cgroup/$(test -e /sys/fs/cgroup/cgroup.controllers || echo memory)/mine",
    "the host's disk": `rm -f /tmp/disk; mknod /tmp/disk b ${device} && dd if=/tmp/disk of=/dev/null count=1`,
    "kernel memory": "dd if=/proc/kcore of=/dev/null count=1 bs=16 2>&1 | grep -q '^16 bytes'",
    "the clock": "date -s 2030-01-01",
    "other processes": "kill -0 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 2>&1 | grep -q permitted",
    "the kernel's log": "dmesg",
  };
  for (const [what, command] of Object.entries(tries)) {
    expect(`${what}: ${await shell(command)}`).toMatch(new RegExp(`^${what}: failed: `));
  }
});

test("a container reaches no service of the host, on none of its addresses", async () => {
  const http = createServer((_, response) => response.end("secret")).listen(0, "::");
  onTestFinished(() => void http.close());
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const hosts = [...addresses.filter((each) => each.family === "IPv4").map((each) => each.address), "::1"];
  expect(hosts.length).toBeGreaterThanOrEqual(3);
  for (const host of hosts.filter((each) => each !== "::1")) {
    expect(await (await fetch(`http://${host}:${port}`)).text()).toBe("secret");
  }
  const own = Number(new URL(String(server.processes.ready["url"])).port);
  const targets = hosts.flatMap((host) => [
    [host, port],
    [host, own],
  ]);
  const outcomes = await functionOf<string[]>("tryAll").remote(targets as never);
  expect(outcomes).toHaveLength(targets.length);
  expect(outcomes).not.toContain("connected");
});

test("a container reaches no other container", async () => {
  const listening = await functionOf<string>("listen").spawn();
  const [container] = await containersWith(server.dataDirectory, "/tmp/listening");
  const address = await readFile(container?.path("/tmp/address") ?? "", "utf8");
  expect(address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  const outcomes = await functionOf<string[]>("tryAll").remote([[address, 9000]] as never);
  expect(outcomes).not.toContain("connected");
  container?.touch("/tmp/go");
  expect(await listening.get()).toBe("connected");
});

test("a container reaches what is outside, by name", async (context) => {
  const registry = (await run("npm", ["config", "get", "registry"])).stdout.trim();
  const version = await run("npm", ["view", "is-number@7.0.0", "version"]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  context.skip(version === undefined, "this machine does not reach the package registry");
  // A machine's own certificates are for the building of images; this is about the way there.
  const view = `npm view --registry ${registry} --strict-ssl=false is-number@7.0.0 version`;
  expect(await shell(view)).toContain("7.0.0");
});

test("with blockNetwork a container has no network, and its calls work all the same", async () => {
  const { interfaces, outside, name } = await functionOf<{
    interfaces: string[];
    outside: string;
    name: string;
  }>("offline").remote();
  expect(interfaces.filter((each: string) => each !== "lo")).toEqual([]);
  expect([outside, name]).not.toContain("connected");
});

test("processor time is limited, for all processes of a container together", async () => {
  expect(await functionOf<number>("burn").remote()).toBeLessThan(0.5);
});

test("memory is limited by the container's control group", async () => {
  const call = await functionOf<string>("limited").spawn();
  const [container] = await containersWith(server.dataDirectory, "/tmp/limited");
  const groups = await readFile(`/proc/${container?.pid}/cgroup`, "utf8");
  const v1 = /^\d+:[^:]*\bmemory\b[^:]*:(.*)$/m.exec(groups)?.[1];
  const v2 = /^0::(.*)$/m.exec(groups)?.[1];
  const path = v1 ? `/sys/fs/cgroup/memory${v1}/memory.limit_in_bytes` : `/sys/fs/cgroup${v2}/memory.max`;
  expect(Number(await readFile(path, "utf8"))).toBe(200 * 1024 * 1024);
  container?.touch("/tmp/go");
  expect(await call.get()).toBe(container?.taskId);
});

test("a container of an image with a USER runs as that user", async () => {
  expect(await functionOf<number>("asUser").remote()).toBe(65_534);
});
