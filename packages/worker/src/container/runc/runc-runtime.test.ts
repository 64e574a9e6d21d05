import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AsyncQueue } from "@dorian/base/async-queue";
import { bindMount, makeShared, unmount } from "@dorian/linux/mount";
import { mountTable } from "@dorian/linux/mount-table";
import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import { readCgroupLayout } from "../../cgroup/cgroup-layout.ts";
import { ForkWatch } from "../../cgroup/fork-watch.ts";
import { lastProcess } from "../../cgroup/last-process.ts";
import { limitGroup } from "../../cgroup/limit-group.ts";
import { runcEngine } from "./engine.ts";
import { collector, testRuntime } from "../../../test/test-container.ts";

const never = new AbortController().signal;

async function leftOf(host: Awaited<ReturnType<typeof testRuntime>>, id: string): Promise<string[]> {
  const layout = await readCgroupLayout();
  return [
    ...layout.hierarchies.map((root) => join(root, `dorian-${host.instance}`, id)),
    join(host.runtimeDirectory, "runc", id),
    join(host.runtimeDirectory, "bundles", id),
  ].filter((path) => existsSync(path));
}

test("a container runs its command and reports output and exit code", async () => {
  await using host = await testRuntime();
  const { text, onOutput } = collector();
  const spec = host.spec("echo out; echo err >&2; hostname; pwd; echo $GREETING; exit 7", {
    env: { PATH: "/bin", GREETING: "good day" },
    cwd: "/tmp",
  });
  await using container = await host.runtime.run(spec, { onOutput });
  expect(await container.exited).toEqual({ code: 7, outOfMemory: false });
  expect(text).toEqual({ stdout: "out\ndorian\n/tmp\ngood day\n", stderr: "err\n" });
});

test("what a container leaves is gone after disposal, also when it still runs", async () => {
  await using host = await testRuntime();
  const spec = host.spec("sleep 100 & sleep 100");
  const container = await host.runtime.run(spec, collector());
  expect((await leftOf(host, spec.id)).length).toBeGreaterThan(2);
  await container[Symbol.asyncDispose]();
  expect(await leftOf(host, spec.id)).toEqual([]);
  expect(existsSync(`/proc/${container.pid}`)).toBe(false);
  expect((await container.exited).signal).toBe("SIGKILL");
});

test("the id of a container that ended can be used again", async () => {
  await using host = await testRuntime();
  const spec = host.spec("exit 0");
  for (let round = 0; round < 2; round += 1) {
    await using container = await host.runtime.run(spec, collector());
    expect((await container.exited).code).toBe(0);
  }
});

test("a second container with an id in use is refused and does the first no harm", async () => {
  await using host = await testRuntime();
  const spec = host.spec("sleep 100");
  await using container = await host.runtime.run(spec, collector());
  await expect(host.runtime.run(spec, collector())).rejects.toMatchObject({ code: "CONTAINER_EXISTS" });
  await expect.poll(async () => (await container.pids()).length).toBe(2);
});

test("a command that does not exist is one clear line, and a shell's code for it", async () => {
  await using host = await testRuntime();
  const { text, onOutput } = collector();
  await using container = await host.runtime.run(host.spec("", { args: ["no-such-program", "x"] }), {
    onOutput,
  });
  expect((await container.exited).code).toBe(127);
  expect(text).toEqual({
    stdout: "",
    stderr: "The program no-such-program could not be started: No such file or directory.\n",
  });
});

test("a start that fails is one clear error and leaves nothing", async () => {
  await using host = await testRuntime();
  const spec = host.spec("exit 0", { cwd: "/etc/passwd/none" });
  await expect(host.runtime.run(spec, collector())).rejects.toMatchObject({ code: "CONTAINER_START_FAILED" });
  expect(await leftOf(host, spec.id)).toEqual([]);
});

test("a runtime program that is not installed is named with its package", async () => {
  await using host = await testRuntime();
  const { RuncRuntime } = await import("./runc-runtime.ts");
  const runtime = new RuncRuntime({ ...host, engine: { ...runcEngine, program: "/usr/bin/no-such-runc" } });
  await expect(runtime.run(host.spec("exit 0"), collector())).rejects.toMatchObject({
    code: "RUNTIME_MISSING",
    remedy: expect.stringContaining("apt-get install runc"),
  });
});

test("a start that is cancelled leaves nothing", async () => {
  await using host = await testRuntime();
  for (const afterMs of [0, 5, 15, 25]) {
    const spec = host.spec("sleep 100");
    const abort = new AbortController();
    const starting = host.runtime.run(spec, { ...collector(), signal: abort.signal });
    starting.catch(() => undefined);
    await delay(afterMs);
    abort.abort(new Error("enough"));
    // A slow abort may come after the start; then there is a container to dispose of.
    await starting.then(
      (container) => container[Symbol.asyncDispose](),
      (error: Error) => expect(error.message).toBe("enough"),
    );
    expect(await leftOf(host, spec.id)).toEqual([]);
  }
});

test("a signal reaches the program, whose own exit code counts", async () => {
  await using host = await testRuntime();
  const { text, onOutput } = collector();
  await using polite = await host.runtime.run(
    host.spec("trap 'echo bye; exit 3' INT; echo ready; while true; do sleep 0.05; done"),
    { onOutput },
  );
  while (text.stdout === "") await delay(5);
  polite.signal("SIGINT");
  expect(await polite.exited).toEqual({ code: 3, outOfMemory: false });
  expect(text.stdout).toBe("ready\nbye\n");
});

test("kill ends every process, even of a frozen container", async () => {
  await using host = await testRuntime();
  await using container = await host.runtime.run(host.spec("sleep 100 & sleep 100 & wait"), collector());
  await expect.poll(async () => (await container.pids()).length).toBe(4);
  const frozen = await container.freeze();
  await container.kill();
  expect(await container.pids()).toEqual([]);
  expect(await container.exited).toEqual({ code: 137, signal: "SIGKILL", outOfMemory: false });
  await frozen[Symbol.asyncDispose]();
});

test("what multiplies without end is counted, and dead as soon as it is to be [B15]", async () => {
  await using host = await testRuntime();
  // A shell ends when it is refused a child; awk goes on.
  const spec = host.spec(`awk 'BEGIN { for (;;) system("sleep 100 &") }'`, { limits: { pids: 60 } });
  await using container = await host.runtime.run(spec, { onOutput: () => undefined });
  await expect.poll(async () => (await container.processCount())?.refused).toBeGreaterThan(0);
  expect(await container.processCount()).toMatchObject({ limit: 60 });
  await container.kill();
  expect(await container.pids()).toEqual([]);
});

test("what begins processes over and over gets the processor last until it is calm again [B15]", async () => {
  const { cpu } = await readCgroupLayout();
  await using host = await testRuntime();
  const storm =
    "for i in $(seq 150); do (while [ ! -e /tmp/calm ]; do /bin/true; done; sleep 100) & done; wait";
  const spec = host.spec(storm, { limits: { pids: 600 } });
  await using container = await host.runtime.run(spec, { onOutput: () => undefined });
  await using forks = new ForkWatch({ lastProcess, restMs: 200, logger: pino({ level: "silent" }) });
  using _watched = forks.watch({
    id: spec.id,
    count: () => container.processCount(),
    pids: () => container.pids(),
    weighLeast: () => container.weighLeast(),
  });
  const group = join(cpu?.root ?? "", `dorian-${host.instance}`, spec.id);
  const weight = () => readFile(join(group, cpu?.version === 2 ? "cpu.weight" : "cpu.shares"), "utf8");
  const usual = await weight();
  const least = cpu?.version === 2 ? "1\n" : "2\n";
  await expect.poll(weight, { timeout: 30_000 }).toBe(least);
  await container.exec(["touch", "/tmp/calm"], { onOutput: () => undefined, signal: never });
  await expect.poll(weight, { timeout: 30_000 }).toBe(usual);
  expect(usual).not.toBe(least);
});

test("a frozen container stands still and then goes on", async () => {
  await using host = await testRuntime();
  const { text, onOutput } = collector();
  await using container = await host.runtime.run(host.spec("while true; do echo tick; sleep 0.01; done"), {
    onOutput,
  });
  while (text.stdout.length < 10) await delay(5);
  const first = await container.freeze();
  const second = await container.freeze();
  await delay(50);
  const then = text.stdout.length;
  await first[Symbol.asyncDispose]();
  await delay(100);
  expect(text.stdout.length).toBe(then);
  await second[Symbol.asyncDispose]();
  await expect.poll(() => text.stdout.length).toBeGreaterThan(then);
});

test("a container that takes more memory than its limit is reported as out of memory", async () => {
  await using host = await testRuntime();
  await using container = await host.runtime.run(
    host.spec("dd if=/dev/zero of=/dev/null bs=200M count=1; exit 5", {
      limits: { memoryBytes: 32 * 1024 * 1024, pids: 50 },
    }),
    collector(),
  );
  expect(await container.exited).toMatchObject({ outOfMemory: true, memoryLimitBytes: 32 * 1024 * 1024 });
});

test("a container without limits of its own has the worker's, but no less memory than it reserved [B16]", async () => {
  const memoryBytes = 48 * 1024 * 1024;
  await using host = await testRuntime({ defaultLimits: { memoryBytes, pids: 60 } });
  const hog = "dd if=/dev/zero of=/dev/null bs=200M count=1; exit 5";
  await using small = await host.runtime.run(host.spec(hog, { limits: {} }), collector());
  expect(await small.exited).toMatchObject({ outOfMemory: true, memoryLimitBytes: memoryBytes });
  const limits = { memoryRequestBytes: 300 * 1024 * 1024 };
  await using large = await host.runtime.run(host.spec(hog, { limits }), collector());
  expect(await large.exited).toEqual({ code: 5, outOfMemory: false });
  const forks = collector();
  const bomb = "for i in $(seq 100); do sleep 5 & done; exit 0";
  await using many = await host.runtime.run(host.spec(bomb, { limits: {} }), forks);
  await many.exited;
  expect(forks.text.stderr).toMatch(/fork|Resource temporarily unavailable/);
});

test("containers that share a limit are told when it was not their own that was reached [B16]", async () => {
  await using host = await testRuntime({ defaultLimits: { memoryBytes: 512 * 1024 * 1024, pids: 60 } });
  const failures = await limitGroup(await readCgroupLayout(), `/dorian-${host.instance}`, {
    memoryBytes: 100 * 1024 * 1024,
    pids: 1_000,
    cpuWeight: 100,
  });
  expect(failures).toEqual([]);
  const spec = host.spec("dd if=/dev/zero of=/dev/null bs=200M count=1; exit 5", { limits: {} });
  await using container = await host.runtime.run(spec, collector());
  expect(await container.exited).toEqual({ code: 5, outOfMemory: true });
});

test("limits on processes and processor time are in force", async () => {
  await using host = await testRuntime();
  const { text, onOutput } = collector();
  await using container = await host.runtime.run(
    host.spec(
      "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max; for i in 1 2 3 4 5 6 7 8; do sleep 5 & done",
      { limits: { milliCpu: 500, pids: 6 } },
    ),
    { onOutput },
  );
  await container.exited;
  expect(text.stdout).toContain("50000");
  expect(text.stderr).toMatch(/fork|Resource temporarily unavailable/);
});

test("the machine is out of a container's reach", async () => {
  await using host = await testRuntime();
  const { text, onOutput } = collector();
  await using container = await host.runtime.run(
    host.spec(
      [
        "mount -t tmpfs none /tmp 2>/dev/null && echo mounted",
        "hostname other 2>/dev/null && echo renamed",
        "echo 1 2>/dev/null > /proc/sys/kernel/panic && echo tuned",
        "touch /sys/x 2>/dev/null && echo sys",
        "ls /dev | grep -E 'mem|vda|kmsg' && echo devices",
        "ps | wc -l",
        "grep -E 'NoNewPrivs|Seccomp:' /proc/self/status",
        "ls /sys/class/net",
      ].join("; "),
    ),
    { onOutput },
  );
  await container.exited;
  expect(text.stdout.split("\n").slice(1)).toEqual(["NoNewPrivs:\t1", "Seccomp:\t2", "lo", ""]);
  expect(Number(text.stdout.split("\n")[0])).toBeLessThan(6);
});

test("mounts are read-only or writable as asked, and a slave sees what is mounted over its source later", async () => {
  await using host = await testRuntime();
  const source = await mkdtemp(join(tmpdir(), "dorian-source-"));
  const next = await mkdtemp(join(tmpdir(), "dorian-next-"));
  onTestFinished(() => rm(source, { recursive: true }));
  onTestFinished(() => rm(next, { recursive: true }));
  await writeFile(join(source, "version"), "1");
  await writeFile(join(next, "version"), "2");
  bindMount(source, source);
  onTestFinished(() => void unmount(source));
  makeShared(source);
  const { text, onOutput } = collector();
  await using container = await host.runtime.run(
    host.spec(
      "touch /ro/x || echo refused; touch /rw/made; while [ $(cat /ro/version) = 1 ]; do sleep 0.02; done; cat /ro/version",
      {
        mounts: [
          { source, target: "/ro", readOnly: true, propagation: "slave" },
          { source: join(source), target: "/rw", readOnly: false },
        ],
      },
    ),
    { onOutput },
  );
  while (!existsSync(join(source, "made"))) await delay(5);
  bindMount(next, source);
  onTestFinished(() => void unmount(source));
  expect((await container.exited).code).toBe(0);
  expect(text.stdout).toBe("refused\n2");
});

test("exec runs a command beside the first process, with input, output and exit code", async () => {
  await using host = await testRuntime();
  await using container = await host.runtime.run(
    host.spec("sleep 100", { env: { PATH: "/bin", A: "1", B: "2" } }),
    collector(),
  );
  const { text, onOutput } = collector();
  const stdin = new AsyncQueue<Uint8Array>();
  stdin.push(Buffer.from("hello\n"));
  stdin.end();
  const code = await container.exec(["/bin/sh", "-c", "cat; echo $A $B $(pwd); echo no >&2; exit 4"], {
    env: { B: "3" },
    cwd: "/tmp",
    stdin,
    onOutput,
    signal: never,
  });
  expect(code).toBe(4);
  expect(text).toEqual({ stdout: "hello\n1 3 /tmp\n", stderr: "no\n" });
  await expect(container.exec(["/bin/no-such-program"], { onOutput, signal: never })).rejects.toMatchObject({
    code: "CONTAINER_EXEC_FAILED",
    message: expect.stringContaining("no-such-program"),
  });
  const bundle = join(host.runtimeDirectory, "bundles", "test-1");
  expect((await readdir(bundle)).filter((name) => name.startsWith("exec"))).toEqual([]);
});

test("exec with a terminal is interactive and follows the size of the window", async () => {
  await using host = await testRuntime();
  await using container = await host.runtime.run(host.spec("sleep 100"), collector());
  const { text, onOutput } = collector();
  const stdin = new AsyncQueue<Uint8Array>();
  const resizes = new AsyncQueue<{ rows: number; columns: number }>();
  const running = container.exec(["/bin/sh"], {
    stdin,
    terminal: { rows: 30, columns: 111, resizes },
    onOutput,
    signal: never,
  });
  stdin.push(Buffer.from("tty; stty size\n"));
  await expect.poll(() => text.stdout).toContain("30 111");
  expect(text.stdout).toContain("/dev/pts/0");
  resizes.push({ rows: 50, columns: 90 });
  await expect
    .poll(
      () => {
        stdin.push(Buffer.from("stty size\n"));
        return text.stdout;
      },
      { timeout: 5000 },
    )
    .toContain("50 90");
  stdin.push(Buffer.from("exit 9\n"));
  expect(await running).toBe(9);
});

test("an exec that is aborted is killed with its children", async () => {
  await using host = await testRuntime();
  await using container = await host.runtime.run(host.spec("sleep 100"), collector());
  const abort = new AbortController();
  const { text, onOutput } = collector();
  const running = container.exec(["/bin/sh", "-c", "sleep 200 & echo started; wait"], {
    onOutput,
    signal: abort.signal,
  });
  running.catch(() => undefined);
  await expect.poll(() => text.stdout).toBe("started\n");
  abort.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
  await expect.poll(async () => (await container.pids()).length).toBe(2);
});

test("a device that the specification names is in the container", async () => {
  const cdiDirectory = await mkdtemp(join(tmpdir(), "dorian-cdi-"));
  onTestFinished(() => rm(cdiDirectory, { recursive: true }));
  await writeFile(
    join(cdiDirectory, "example.yaml"),
    `cdiVersion: "0.6.0"
kind: example.com/thing
devices:
  - name: "0"
    containerEdits:
      deviceNodes: [{ path: /dev/thing, hostPath: /dev/full }]
containerEdits:
  env: ["THING=yes"]
`,
  );
  await using host = await testRuntime({ cdiDirectories: [cdiDirectory] });
  const { text, onOutput } = collector();
  await using container = await host.runtime.run(
    host.spec("echo $THING; echo x > /dev/thing || echo full", { devices: ["example.com/thing=0"] }),
    { onOutput },
  );
  await container.exited;
  expect(text.stdout).toBe("yes\nfull\n");
});

test("no mount of a container is left in the host's table", async () => {
  await using host = await testRuntime();
  // Those of others on this machine come and go.
  const own = async () =>
    (await mountTable()).filter(({ target }) =>
      [host.runtimeDirectory, host.rootfs].some((directory) => target.startsWith(directory)),
    ).length;
  const before = await own();
  await using container = await host.runtime.run(host.spec("sleep 100"), collector());
  expect(await own()).toBe(before);
  await container.kill();
});

/** What the processes of a container say about themselves, seen from outside. */
async function zombiesOf(container: { pids(): Promise<number[]> }): Promise<number> {
  const stats = await Promise.all(
    (await container.pids()).map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")),
  );
  return stats.filter((stat) => /^\d+ \(.*\) Z/.test(stat)).length;
}

test("processes that nobody waits for do not stay behind as dead ones, also those of an exec [B15]", async () => {
  await using host = await testRuntime();
  const orphans = "for i in $(seq 40); do (sleep 0.1 &); done; sleep 0.3";
  const { text, onOutput } = collector();
  await using container = await host.runtime.run(host.spec(`${orphans}; echo done; sleep 100`), { onOutput });
  await expect.poll(() => text.stdout).toBe("done\n");
  expect(await container.exec(["/bin/sh", "-c", orphans], { onOutput, signal: never })).toBe(0);
  await expect.poll(() => zombiesOf(container)).toBe(0);
  await expect.poll(async () => (await container.pids()).length).toBeLessThanOrEqual(3);
});

test.each(["KILL", "SEGV", "ABRT", "TERM"])(
  "a program that ends itself by SIG%s is told as that [B15]",
  async (name) => {
    await using host = await testRuntime();
    await using container = await host.runtime.run(host.spec(`kill -${name} $$; sleep 5`), collector());
    expect(await container.exited).toMatchObject({ signal: `SIG${name}`, outOfMemory: false });
  },
);

test("a container's processes end before the machine's when memory is short [B16]", async () => {
  await using host = await testRuntime();
  await using container = await host.runtime.run(host.spec("sleep 100"), collector());
  const { text, onOutput } = collector();
  await container.exec(["/bin/cat", "/proc/1/oom_score_adj", "/proc/self/oom_score_adj"], {
    onOutput,
    signal: never,
  });
  expect(text.stdout).toBe("500\n500\n");
});

test("a container sees its own control groups only, as roots [B14]", async () => {
  await using host = await testRuntime();
  const { text, onOutput } = collector();
  await using container = await host.runtime.run(host.spec("cat /proc/self/cgroup"), { onOutput });
  await container.exited;
  for (const line of text.stdout.trim().split("\n")) expect(line).toMatch(/^\d+:[^:]*:\/$/);
});

test("where the root is read-only, only /tmp, /run and writable mounts take files", async () => {
  await using host = await testRuntime();
  const source = await mkdtemp(join(tmpdir(), "dorian-source-"));
  onTestFinished(() => rm(source, { recursive: true }));
  const { text, onOutput } = collector();
  const tries = "/x /etc/x /dev/shm/x /tmp/x /run/x /vol/x".split(" ");
  await using container = await host.runtime.run(
    host.spec(tries.map((path) => `(echo y > ${path}) 2>/dev/null && echo ${path}`).join("; "), {
      readOnlyRoot: true,
      mounts: [{ source, target: "/vol", readOnly: false }],
    }),
    { onOutput },
  );
  await container.exited;
  expect(text.stdout.trim().split("\n")).toEqual(["/dev/shm/x", "/tmp/x", "/run/x", "/vol/x"]);
});

test("no call takes space of the disk at once, by whatever name; those that give it back work [B16]", async () => {
  await using host = await testRuntime();
  const numbers = process.arch === "arm64" ? { fallocate: 47, ioctl: 29 } : { fallocate: 285, ioctl: 16 };
  // Blocks that the file holds after each try, and what the kernel said.
  const script = `
    open(F, "+>", "/big") or die;
    my $gigabyte = 1 << 30;
    my $say = sub { my ($name, $code) = @_; printf "%s %d %d\n", $name, $code == -1 ? $!+0 : 0, (stat F)[12] >> 11; };
    for my $mode (0, 1, 0x10, 0x11, 0x40, 0x80, 1 << 32, (1 << 32) | 1) {
      $say->("fallocate-$mode", syscall(${numbers.fallocate}, fileno(F), $mode, 0, $gigabyte));
    }
    for my $command (0x40305828, 0x4030582a, 0x40305839, (1 << 32) | 0x4030582a) {
      my $range = pack("s s l q q l L q4", 0, 0, 0, 0, $gigabyte, 0, 0, 0, 0, 0, 0);
      $say->("ioctl-$command", syscall(${numbers.ioctl}, fileno(F), $command, $range));
    }
    my $block = "x" x (1 << 20);
    syswrite(F, $block);
    $say->("punch", syscall(${numbers.fallocate}, fileno(F), 3, 0, 1 << 20));
    my $count = pack("l", 0);
    $say->("fionread", syscall(${numbers.ioctl}, fileno(F), 0x541b, $count));
  `;
  const ofHost = ["/usr", "/lib", "/lib64"].filter((source) => existsSync(source));
  const { text, onOutput } = collector();
  await using container = await host.runtime.run(
    host.spec("", {
      args: ["/usr/bin/perl", "-e", script],
      mounts: ofHost.map((source) => ({ source, target: source, readOnly: true })),
    }),
    { onOutput },
  );
  await container.exited;
  const lines = text.stdout.trim().split("\n");
  expect(text.stderr).toBe("");
  expect(lines).toHaveLength(14);
  for (const line of lines.slice(0, 12)) expect(line).toMatch(/^(fallocate|ioctl)-\d+ 95 0$/);
  expect(lines.slice(12)).toEqual(["punch 0 0", "fionread 0 0"]);
});
