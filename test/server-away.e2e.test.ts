import { setTimeout as delay } from "node:timers/promises";
import { Function as RemoteFunction } from "dorian";
import { containersWith } from "@dorian/testkit/containers";
import { eventually } from "@dorian/testkit/eventually";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const source = `
import { existsSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image } from "dorian";

export const app = new App("away", { image: Image.debianSlim() });

/** Many at a time; they go on when somebody makes the file /tmp/go. */
export const many = app.function({ name: "many", maxConcurrentInputs: 40, maxContainers: 1 }, async (value: number) => {
  await appendFile("/tmp/begun", "x");
  if (value === 26) await appendFile("/tmp/all-begun", "x");
  while (!existsSync("/tmp/go")) await delay(20);
  console.log("done " + value);
  return value * value;
});

export const counts = app.function({ name: "counts" }, async function* (upTo: number) {
  for (let value = 1; value <= upTo; value += 1) {
    yield value;
    await delay(200);
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

test("a server that is told to end does, with 26 callers, a generator and a reader of logs; all go on with the next one, and no process says a word [L7, L10, L19]", async () => {
  await using project = await temporaryDirectory({
    "app.ts": `
import { App, Function as RemoteFunction } from "dorian";
export const app = new App("callers");
export const unused = app.function({ name: "unused" }, async () => undefined);
app.localEntrypoint(async () => {
  const many = RemoteFunction.fromName("away", "many");
  const values = Array.from({ length: 26 }, (_, index) => index + 1);
  const results = await Promise.all(values.map((value) => many.remote(value)));
  console.log("> " + results.reduce((sum, each) => sum + each, 0));
});
`,
  });
  const calling = dorian(server.dataDirectory, ["run", "app.ts"], { cwd: project.path });
  const following = Promise.withResolvers<(signal: NodeJS.Signals) => void>();
  let logged = "";
  const reading = dorian(server.dataDirectory, ["app", "logs", "away", "--follow"], {
    onOutput(text, send) {
      following.resolve(send);
      logged += text;
    },
  });
  const counts = RemoteFunction.fromName<(upTo: number) => AsyncGenerator<number>>("away", "counts");
  const values: number[] = [];
  const begun = Promise.withResolvers<void>();
  const counting = (async () => {
    for await (const value of await counts.remote(40)) {
      values.push(value);
      begun.resolve();
    }
  })();
  const [container] = await containersWith(server.dataDirectory, "/tmp/all-begun");
  await begun.promise;

  await server.processes.server.stop();
  await delay(3_000);
  await server.processes.startServer();
  await eventually(
    async () => (await dorian(server.dataDirectory, ["worker", "list", "--json"])).stdout,
    (listed) => listed.includes("serving"),
  );
  container?.touch("/tmp/go");

  const called = await calling;
  expect([called.code, called.stdout.trim()]).toEqual([0, "> 6201"]);
  expect(called.stderr).not.toContain("Warning");
  await counting;
  expect(values).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  await expect.poll(() => logged.match(/^done \d+$/gm)?.length, { timeout: 30_000 }).toBe(26);
  (await following.promise)("SIGINT");
  expect((await reading).stderr).not.toContain("Warning");
  expect(logged).not.toContain("Warning");
  expect(server.processes.worker.output).not.toContain("Warning");
});
