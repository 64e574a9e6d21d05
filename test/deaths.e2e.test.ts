import { newId } from "@dorian/base/ids";
import { Function as RemoteFunction, Volume } from "dorian";
import { containerProcesses, containersWith } from "@dorian/testkit/containers";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";

/** What both apps do: an argument says how the container ends, or what the guilty one among several does. */
const typescriptApp = `
import { spawn } from "node:child_process";
import { appendFile, existsSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, Volume } from "dorian";

const volume = Volume.fromName("deaths", { createIfMissing: true });
const volumes = { "/vol": volume };
export const app = new App("deaths-typescript", { image: Image.debianSlim() });

async function note(run: string) {
  await promisify(appendFile)("/vol/" + run, "x");
  await volume.commit();
}
async function die(how: string): Promise<void> {
  if (how === "exit") process.exit(3);
  if (how === "abort") process.abort();
  if (["SIGKILL", "SIGTERM", "SIGSEGV"].includes(how)) {
    process.kill(process.pid, how);
    await delay(30_000);
  }
  if (how === "shell") {
    spawn("sh", ["-c", "kill -9 $PPID"]);
    await delay(30_000);
  }
  if (how === "heap") for (const all: unknown[] = [];;) all.push(new Array(1000).fill(all.length));
  const held: Buffer[] = [];
  if (how === "devour") for (;;) held.push(Buffer.alloc(8 * 1024 * 1024, held.length + 1));
}
export const double = app.function({ name: "double", maxContainers: 1 }, async (n: number) => 2 * n);
export const once = app.function({ name: "once", volumes, memory: { request: 64, limit: 192 } }, async (how: string, run: string) => {
  await note(run);
  await die(how);
});
export const narrow = app.function({ name: "narrow", volumes, env: { NODE_OPTIONS: "--max-old-space-size=32" } }, async (how: string, run: string) => {
  await note(run);
  await die(how);
});
export const twice = app.function({ name: "twice", volumes, retries: { maxRetries: 1, initialDelay: 0.1 } }, async (how: string, run: string) => {
  await note(run);
  await die(how);
});
export const gated = app.function({ name: "gated", volumes }, async (run: string) => {
  await note(run);
  writeFileSync("/tmp/begun", "");
  while (!existsSync("/tmp/go")) await delay(20);
  return "done";
});
let together = 0;
export const company = app.function({ name: "company", maxConcurrentInputs: 3, maxContainers: 1 }, async (n: number) => {
  together += 1;
  for (let turn = 0; turn < 25 && together < 3; turn += 1) await delay(100);
  if (n === 2) process.exit(3);
  await delay(300);
  return n;
});
export const busy = app.function({ name: "busy", timeout: 2, startupTimeout: 60 }, async () => { for (;;); });
export const idle = app.function({ name: "idle", timeout: 2, startupTimeout: 60 }, async () => { await delay(60_000); });
export const count = app.function({ name: "count" }, async function* (to: number) {
  for (let n = 0; n < to; n += 1) { yield n; await delay(40); }
});
`;

const pythonApp = `
import asyncio, os, signal, subprocess, time
import modal

volume = modal.Volume.from_name("deaths", create_if_missing=True)
volumes = {"/vol": volume}
app = modal.App("deaths-python", image=modal.Image.debian_slim("3.11"))

def note(run):
    with open("/vol/" + run, "a") as file:
        file.write("x")
    volume.commit()

def die(how):
    if how == "exit":
        os._exit(3)
    if how == "abort":
        os.abort()
    if how in ["SIGKILL", "SIGTERM", "SIGSEGV"]:
        os.kill(os.getpid(), getattr(signal, how))
    if how == "raised":
        signal.raise_signal(signal.SIGKILL)
    if how == "group":
        os.killpg(0, signal.SIGHUP)
    if how == "child" and os.fork() == 0:
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(0)
    if how == "of a child":
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        os._exit(5)
    if how == "shell":
        subprocess.run(["sh", "-c", "kill -9 $PPID"])
    if how.isupper() or how in ["raised", "group", "child"]:
        time.sleep(30)
    held = []
    while how == "devour":
        held.append(bytearray(os.urandom(1024) * 8192))

@app.function(max_containers=1)
def double(n):
    return 2 * n

@app.function(volumes=volumes, memory=(64, 256))
def once(how, run):
    note(run)
    die(how)

humble_image = modal.Image.debian_slim("3.11").dockerfile_commands("RUN useradd --uid 1234 worker", "USER worker")

@app.function(image=humble_image)
def humble():
    os.kill(os.getpid(), signal.SIGKILL)

@app.function(volumes=volumes, retries=modal.Retries(max_retries=1, initial_delay=0.1))
def twice(how, run):
    note(run)
    die(how)

@app.function(volumes=volumes)
def gated(run):
    note(run)
    open("/tmp/begun", "w").close()
    while not os.path.exists("/tmp/go"):
        time.sleep(0.02)
    return "done"

together = 0

@app.function(max_containers=1)
@modal.concurrent(max_inputs=3)
async def company(n):
    global together
    together += 1
    for _ in range(25):
        if together < 3:
            await asyncio.sleep(0.1)
    if n == 2:
        os._exit(3)
    await asyncio.sleep(0.3)
    return n

@app.function(timeout=2, startup_timeout=60)
def busy():
    while True:
        pass

@app.function(timeout=2, startup_timeout=60)
async def idle():
    await asyncio.sleep(60)

@app.function()
def count(to):
    for n in range(to):
        yield n
        time.sleep(0.04)
`;

const languages = ["typescript", "python"] as const;
type Language = (typeof languages)[number];

let server: RunningServer<SplitDorian>;

beforeAll(async () => {
  server = await runningServer({
    clients: [modalVersions.newest],
    apps: [typescriptApp],
    start: (dataDirectory) => SplitDorian.start({ dataDirectory }),
  });
  await using sources = await temporaryDirectory({ "app.py": pythonApp });
  const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  const deployed = await client.modal(["deploy", "app.py"], { cwd: sources.path });
  expect(deployed.code, deployed.stdout + deployed.stderr).toBe(0);
}, 300_000);

afterAll(() => server[Symbol.asyncDispose]());

function functionOf<R>(language: Language, name: string) {
  return RemoteFunction.fromName<(...args: unknown[]) => Promise<R>>(`deaths-${language}`, name);
}

/** How often a function has begun that notes its runs under this name. */
async function runsOf(run: string): Promise<number> {
  const files = await Volume.fromName("deaths").files();
  return (await files.readFile(run)).length;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Kills every container that runs now; resolves when they are gone. */
async function endContainers(): Promise<void> {
  const ended = new Set((await containerProcesses(server.dataDirectory)).map(({ taskId }) => taskId));
  const left = async () =>
    (await containerProcesses(server.dataDirectory)).filter(({ taskId }) => ended.has(taskId));
  for (let processes = await left(); processes.length > 0; processes = await left()) {
    for (const { pid } of processes) kill(pid);
    await delay(20);
  }
}

/** Kills every process of the next containers as soon as they are seen; resolves when there were so many. */
async function killWhileBooting(count: number): Promise<Set<string>> {
  const before = new Set((await containerProcesses(server.dataDirectory)).map(({ taskId }) => taskId));
  const killed = new Set<string>();
  while (killed.size < count) {
    for (const { taskId, pid } of await containerProcesses(server.dataDirectory)) {
      if (before.has(taskId) || (killed.size === count && !killed.has(taskId))) continue;
      killed.add(taskId);
      kill(pid);
    }
    await delay(5);
  }
  return killed;
}

test.for(languages)(
  "calls of %s lose nothing when four containers are killed while they boot [L5]",
  async (language) => {
    const enough = new AbortController();
    const killing = killWhileBooting(4).finally(() => enough.abort());
    const double = functionOf<number>(language, "double");
    const calls = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => double.spawn(n)));
    // A container that boots between two looks does all that there is to do, and no other one would come.
    while (!enough.signal.aborted) {
      calls.push(await double.spawn(calls.length + 1));
      await delay(200);
    }
    expect((await killing).size).toBe(4);
    expect(await Promise.all(calls.map((call) => call.get()))).toEqual(calls.map((_, n) => 2 * (n + 1)));
    const { stdout, stderr } = await dorian(server.dataDirectory, ["app", "logs", `deaths-${language}`]);
    expect(stdout + stderr).toMatch(
      /double could not start \(.*\)\. It is tried again in [\d.]+ s; \d+ inputs wait\./,
    );
  },
);

const deaths: [string, RegExp][] = [
  ["exit", /exited with code 3\.$/],
  ["abort", /ended by SIG[A-Z]+\.$/],
  ["devour", /ran out of memory: its limit is \d+ MiB\. Ask for more with `memory`\.$/],
];

test.for(languages)(
  "an input of %s whose own code ends its container runs once, and says how [L16]",
  async (language) => {
    for (const [how, reason] of deaths) {
      const run = `once-${language}-${how}`;
      await expect(functionOf(language, "once").remote(how, run)).rejects.toThrow(reason);
      expect(await runsOf(run)).toBe(1);
    }
  },
);

test.for([
  ["SIGKILL", /ended by SIGKILL, which its own code sent\.$/],
  ["SIGTERM", /ended by SIGTERM, which its own code sent\.$/],
  ["SIGSEGV", /ended by SIGSEGV\.$/],
  ["heap", /ran out of JavaScript heap and was ended by SIGABRT\. .*--max-old-space-size/],
] as const)(
  "code that ends its own process by %s is told so at once, after one try [A5]",
  async ([how, reason]) => {
    const run = `once-own-${how}`;
    await expect(
      functionOf("typescript", how === "heap" ? "narrow" : "once").remote(how, run),
    ).rejects.toThrow(reason);
    expect(await runsOf(run)).toBe(1);
  },
);

test.for([
  ["SIGKILL", /ended by SIGKILL, which its own code sent\.$/],
  ["SIGTERM", /ended by SIGTERM, which its own code sent\.$/],
  ["SIGSEGV", /ended by SIGSEGV\.$/],
  ["raised", /ended by SIGKILL, which its own code sent\.$/],
  ["group", /ended by SIGHUP, which its own code sent\.$/],
  ["child", /ended by SIGKILL, which its own code sent\.$/],
] as const)(
  "Python code that ends its own process (%s) is told so at once, after one try [A5]",
  async ([how, reason]) => {
    const run = `once-own-python-${how}`;
    await expect(functionOf("python", "once").remote(how, run)).rejects.toThrow(reason);
    expect(await runsOf(run)).toBe(1);
  },
);

test("code of a user other than root that ends its own process is told so at once [A5]", async () => {
  await expect(functionOf("python", "humble").remote()).rejects.toThrow(
    /SIGKILL, which its own code sent\.$/,
  );
});

test("Python code whose child ends itself is told how its own process ended [A5]", async () => {
  const call = functionOf("python", "once").remote("of a child", "once-own-python-of-a-child");
  await expect(call).rejects.toThrow(/exited with code 5\.$/);
});

test.for(languages)(
  "an input of %s that has its process killed by a shell is told after three tries, which cannot be seen to be its own before [A5]",
  async (language) => {
    const run = `once-shell-${language}-${newId("in")}`;
    await expect(functionOf(language, "once").remote("shell", run)).rejects.toThrow(
      /ended by SIGKILL\. 3 containers that this input had for itself were killed, so its own code is taken to have done it/,
    );
    expect(await runsOf(run)).toBe(3);
  },
);

test.for(languages)("an input of %s with retries runs as often as the user says [L16]", async (language) => {
  const run = `twice-${language}`;
  await expect(functionOf(language, "twice").remote("exit", run)).rejects.toThrow(/exited with code 3\.$/);
  expect(await runsOf(run)).toBe(2);
});

test.for(["SIGKILL", "SIGTERM"] as const)(
  "inputs whose containers are ended from outside with %s are done by others [L16]",
  async (signal) => {
    for (const language of languages) {
      // One that has begun before, in another turn or another try, would be taken for the one of this call.
      await endContainers();
      const run = `gated-${language}-${signal}-${newId("in")}`;
      const call = await functionOf<string>(language, "gated").spawn(run);
      const [first] = await containersWith(server.dataDirectory, "/tmp/begun");
      process.kill(first?.pid ?? 0, signal);
      for (let second = first; second?.taskId === first?.taskId;) {
        [second] = await containersWith(server.dataDirectory, "/tmp/begun");
        if (second?.taskId !== first?.taskId) second?.touch("/tmp/go");
      }
      expect(await call.get()).toBe("done");
      expect(await runsOf(run)).toBe(2);
    }
  },
);

test.for(languages)(
  "of inputs of %s that share a container the one that ends it is told, the others are done [L16]",
  async (language) => {
    const company = functionOf<number>(language, "company");
    const calls = await Promise.all([1, 2, 3].map((n) => company.spawn(n)));
    const results = await Promise.allSettled(calls.map((call) => call.get()));
    expect(
      results.map((result) => (result.status === "fulfilled" ? result.value : String(result.reason))),
    ).toEqual([1, expect.stringMatching(/exited with code 3\.$/), 3]);
  },
);

test.for(languages.flatMap((language) => ["busy", "idle"].map((name) => [language, name] as const)))(
  "a time-out of %s code that is %s is told, and its container ends soon after it [L18]",
  async ([language, name]) => {
    let call: Promise<unknown> | undefined;
    const container = await startedContainer(() => {
      call = functionOf(language, name).remote();
      // On a loaded machine it fails before it is awaited.
      call.catch(() => undefined);
    });
    await expect(call).rejects.toThrow("The call took longer than its timeout of 2 s.");
    const toldAt = performance.now();
    while ((await containerProcesses(server.dataDirectory)).some(({ taskId }) => taskId === container))
      await delay(20);
    // It was ten to thirty seconds when grace was given for what nobody waits for.
    expect(performance.now() - toldAt).toBeLessThan(10_000);
  },
);

/** The container that comes of what is begun. */
async function startedContainer(begin: () => void): Promise<string> {
  const before = new Set((await containerProcesses(server.dataDirectory)).map(({ taskId }) => taskId));
  begin();
  for (;;) {
    const next = (await containerProcesses(server.dataDirectory)).find(({ taskId }) => !before.has(taskId));
    if (next) return next.taskId;
    await delay(10);
  }
}

test.for(languages)(
  "a generator of %s gives each value once and in order while the server is killed and comes back [L9]",
  async (language) => {
    const count = RemoteFunction.fromName<(to: number) => AsyncGenerator<number>>(
      `deaths-${language}`,
      "count",
    );
    const values: number[] = [];
    for await (const value of count.remote(100)) {
      values.push(value);
      if (values.length === 10 || values.length === 50) {
        await server.processes.server.kill();
        await server.processes.startServer();
      }
    }
    expect(values).toEqual(Array.from({ length: 100 }, (_, n) => n));
  },
);
