import { setTimeout as delay } from "node:timers/promises";
import { Function as RemoteFunction, FunctionCall, Volume } from "dorian";
import { containersOf, containersWith } from "@dorian/testkit/containers";
import { eventually } from "@dorian/testkit/eventually";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const source = `
import { existsSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, Volume, currentTaskId } from "dorian";

const volume = Volume.fromName("kill-worker", { createIfMissing: true });
export const app = new App("kill-worker", { image: Image.debianSlim() });

/** Goes on when somebody makes the file /tmp/go-<text>. */
export const gated = app.function({ name: "gated" }, async (text: string) => {
  await writeFile("/tmp/begun-" + text, "");
  while (!existsSync("/tmp/go-" + text)) await delay(20);
  return [text, currentTaskId()];
});

/** Says nothing of commits. */
const written = Volume.fromName("kill-writes", { createIfMissing: true });
export const writes = app.function({ name: "writes", volumes: { "/vol": written }, maxContainers: 1 }, async (n: number) => {
  await writeFile("/vol/written-" + n, Buffer.alloc(1_000_000, n));
  return n;
});

/** Writes one file after another, each in many pieces, and says which it has committed. */
export const commits = app.function({ name: "commits", volumes: { "/vol": volume } }, async function* () {
  for (let round = 1; ; round += 1) {
    const file = await open("/vol/round-" + round, "w");
    for (let piece = 0; piece < 64; piece += 1) await file.write(Buffer.alloc(16_384, round));
    await file.close();
    await volume.commit();
    yield round;
  }
});
`;

let server: RunningServer<SplitDorian>;

beforeAll(async () => {
  server = await runningServer({
    apps: [source],
    start: (dataDirectory) => SplitDorian.start({ dataDirectory }),
  });
});

afterAll(() => server[Symbol.asyncDispose]());

test("the input of a killed worker's container is done by a new container, and who waits gets the result", async () => {
  const gated = RemoteFunction.fromName<(text: string) => Promise<[string, string]>>("kill-worker", "gated");
  const { functionCallId } = await gated.spawn("again");
  const waiting = FunctionCall.fromId<[string, string]>(functionCallId).get();
  const [first] = await containersWith(server.dataDirectory, "/tmp/begun-again");
  await server.processes.worker.kill();
  await server.processes.startWorker();
  const [second] = await containersWith(server.dataDirectory, "/tmp/begun-again");
  expect(second?.taskId).not.toBe(first?.taskId);
  second?.touch("/tmp/go-again");
  expect(await waiting).toEqual(["again", second?.taskId]);
});

test("a worker that starts again ends the containers that the killed one left running", async () => {
  const gated = RemoteFunction.fromName<(text: string) => Promise<[string, string]>>("kill-worker", "gated");
  const call = await gated.spawn("left");
  const [container] = await containersWith(server.dataDirectory, "/tmp/begun-left");
  await server.processes.worker.kill();
  await call.cancel();
  expect((await containersOf(server.dataDirectory)).map(({ pid }) => pid)).toContain(container?.pid);
  await server.processes.startWorker();
  expect(await containersOf(server.dataDirectory)).toEqual([]);
  await expect(call.get()).rejects.toThrow(/cancelled/i);
});

test("every acknowledged commit of a killed worker is in the volume, and no file of it is torn [L5, L9]", async () => {
  const commits = RemoteFunction.fromName<() => AsyncGenerator<number>>("kill-worker", "commits");
  let acknowledged = 0;
  let restarted: Promise<void> | undefined;
  const reading = (async () => {
    for await (const round of await commits.remote()) {
      acknowledged = round;
      if (round === 8) restarted = server.processes.worker.kill().then(() => server.processes.startWorker());
    }
  })();
  await expect(reading).rejects.toThrow(/yielded \d+ values?, so it was not run again/);
  expect(acknowledged).toBeGreaterThanOrEqual(8);
  await restarted;

  const files = await Volume.fromName("kill-worker").files();
  const rounds: number[] = [];
  for await (const { path, size } of files.list("/")) {
    const round = Number(path.slice("round-".length));
    expect([path, size]).toEqual([path, 64 * 16_384]);
    const content = await files.readFile(path);
    expect(content.every((byte) => byte === round)).toBe(true);
    rounds.push(round);
  }
  expect(rounds.toSorted((a, b) => a - b).slice(0, acknowledged)).toEqual(
    Array.from({ length: acknowledged }, (_, index) => index + 1),
  );
});

test("what a call wrote that has returned is in the volume, whole, wherever in a commit the worker was killed [L1, L2]", async () => {
  const writes = RemoteFunction.fromName<(n: number) => Promise<number>>("kill-worker", "writes");
  const returned: number[] = [];
  const enough = new AbortController();
  const calling = (async () => {
    for (let n = 1; !enough.signal.aborted; n += 1) returned.push(await writes.remote(n));
  })();
  // Uneven pauses, so that each kill finds another step.
  for (const pauseMs of [700, 313, 529, 97]) {
    const before = returned.length;
    await eventually(
      async () => returned.length,
      (count) => count >= before + 3,
      60_000,
    );
    await delay(pauseMs);
    await server.processes.worker.kill();
    await server.processes.startWorker();
  }
  enough.abort();
  await calling;
  const files = await Volume.fromName("kill-writes").files();
  for (const n of returned) {
    const content = await files.readFile(`written-${n}`);
    expect([n, content.length, content.every((byte) => byte === n % 256)]).toEqual([n, 1_000_000, true]);
  }
});

const halfBuilds = [
  {
    kind: "commands",
    step: `const image = base.runCommands("echo half > /half; echo building; sleep 3; echo built >> /half");`,
  },
  {
    kind: "a function",
    step: `const image = base.runFunction(async function bake() {
      await appendFile("/half", "half\\n");
      console.log("building");
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await appendFile("/half", "built\\n");
    });`,
  },
];

test.for(halfBuilds)(
  "a build by $kind that a killed worker had begun leaves nothing and is begun again",
  async ({ step }, { task }) => {
    await using project = await temporaryDirectory({
      "app.ts": `
        import { appendFile, readFile } from "node:fs/promises";
        import { App, Image } from "dorian";
        const base = Image.debianSlim().env({ TEST: "${task.id}" });
        ${step}
        export const app = new App("kill-build", { image });
        export const look = app.function({ name: "look" }, () => readFile("/half", "utf8"));
      `,
    });
    const restarted = Promise.withResolvers<void>();
    let begun = false;
    const deploying = dorian(server.dataDirectory, ["deploy", "app.ts"], {
      cwd: project.path,
      onOutput(text) {
        if (begun || !/^\W*building$/m.test(text)) return;
        begun = true;
        restarted.resolve(server.processes.worker.kill().then(() => server.processes.startWorker()));
      },
    });
    // Whatever ends first: a worker that does not start again would let the deployment wait for ever.
    const result = await Promise.race([deploying, restarted.promise.then(() => deploying)]);
    expect(begun).toBe(true);
    expect(result.stdout + result.stderr).toMatch(/was lost during the build/);
    expect(result.code, result.stderr).toBe(0);
    const look = RemoteFunction.fromName<() => Promise<string>>("kill-build", "look");
    expect(await look.remote()).toBe("half\nbuilt\n");
  },
);

test("a build whose worker stays away is not ready, and the next deployment builds it", async () => {
  await using project = await temporaryDirectory({
    "app.ts": `
      import { App, Image } from "dorian";
      const image = Image.debianSlim().runCommands("echo building-late; sleep 2; echo done > /late");
      export const app = new App("kill-late", { image });
      export const look = app.function({ name: "look" }, async () => (await import("node:fs")).readFileSync("/late", "utf8"));
    `,
  });
  let killed: Promise<void> | undefined;
  const first = await dorian(server.dataDirectory, ["deploy", "app.ts"], {
    cwd: project.path,
    onOutput(text, send) {
      if (!killed && text.includes("building-late\n"))
        killed = server.processes.worker.kill().then(() => send("SIGINT"));
    },
  });
  await killed;
  expect(first.code).toBe(130);
  const { stdout } = await dorian(server.dataDirectory, ["image", "list", "--json"]);
  const late = (JSON.parse(stdout) as { description: string; state: string }[]).filter(({ description }) =>
    description.includes("building-late"),
  );
  expect(late.map(({ state }) => state)).not.toContain("ready");
  await server.processes.startWorker();
  const second = await dorian(server.dataDirectory, ["deploy", "app.ts"], { cwd: project.path });
  expect(second.code, second.stderr).toBe(0);
  const look = RemoteFunction.fromName<() => Promise<string>>("kill-late", "look");
  expect(await look.remote()).toBe("done\n");
});
