import { randomBytes } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readdir, stat } from "node:fs/promises";
import type { ClientRequest, IncomingMessage } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Function as RemoteFunction, FunctionCall, Volume } from "dorian";
import { handingOver } from "@dorian/testkit/connection";
import { containersWith } from "@dorian/testkit/containers";
import { drippingPeer } from "@dorian/testkit/dripping-peer";
import { eventually } from "@dorian/testkit/eventually";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

const source = `
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, Volume } from "dorian";

const volume = Volume.fromName("kill-server", { createIfMissing: true });
export const app = new App("kill-server", { image: Image.debianSlim() });

/** Goes on when somebody makes the file /tmp/go, and says how often it was begun in this container. */
export const gated = app.function({ name: "gated" }, async (text: string) => {
  await appendFile("/tmp/begun", text + "\\n");
  while (!existsSync("/tmp/go")) await delay(20);
  return [text, (await readFile("/tmp/begun", "utf8")).trim()];
});

/** As above, in containers and with files of its own. */
export const held = app.function({ name: "held" }, async (text: string) => {
  await appendFile("/tmp/held", text + "\\n");
  while (!existsSync("/tmp/free")) await delay(20);
  return [text, (await readFile("/tmp/held", "utf8")).trim()];
});

export const slowSquare = app.function({ name: "slowSquare", maxContainers: 2 }, async (value: number) => {
  await delay(50);
  return value * value;
});

export const commitLoop = app.function({ name: "commitLoop", volumes: { "/vol": volume } }, async (rounds: number) => {
  for (let round = 1; round <= rounds; round += 1) {
    await writeFile("/vol/round-" + round, String(round).repeat(10_000));
    await volume.commit();
    await writeFile("/tmp/committed", String(round));
  }
  return rounds;
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

test("a call outlives the server: the container goes on, and who waits gets the result of its one run", async () => {
  const gated = RemoteFunction.fromName<(text: string) => Promise<[string, string]>>("kill-server", "gated");
  const spawned = await gated.spawn("one");
  const waiting = FunctionCall.fromId<[string, string]>(spawned.functionCallId).get();
  const [container] = await containersWith(server.dataDirectory, "/tmp/begun");
  await server.processes.server.kill();
  container?.touch("/tmp/go");
  await delay(300);
  await server.processes.startServer();
  expect(await waiting).toEqual(["one", "one"]);
  expect(await spawned.get()).toEqual(["one", "one"]);
});

test("an accepted call that no container had begun is run after the restart", async () => {
  const slowSquare = RemoteFunction.fromName<(value: number) => Promise<number>>("kill-server", "slowSquare");
  const calls = await Promise.all([1, 2, 3, 4, 5].map((value) => slowSquare.spawn(value)));
  await server.processes.server.kill();
  await server.processes.startServer();
  expect(await Promise.all(calls.map((call) => call.get()))).toEqual([1, 4, 9, 16, 25]);
});

test("a map goes on over two deaths of the server, with each result once and in order", async () => {
  const slowSquare = RemoteFunction.fromName<(value: number) => Promise<number>>("kill-server", "slowSquare");
  const numbers = Array.from({ length: 150 }, (_, index) => index);
  const results: unknown[] = [];
  for await (const result of slowSquare.map(numbers)) {
    results.push(result);
    if (results.length !== 20 && results.length !== 60) continue;
    await server.processes.server.kill();
    await server.processes.startServer();
  }
  expect(results).toEqual(numbers.map((value) => value * value));
});

test("a finished result is still there after the server was killed right behind it", async () => {
  const slowSquare = RemoteFunction.fromName<(value: number) => Promise<number>>("kill-server", "slowSquare");
  const call = await slowSquare.spawn(12);
  expect(await call.get()).toBe(144);
  await server.processes.server.kill();
  await server.processes.startServer();
  expect(await call.get()).toBe(144);
});

test("commits wait for the server, and every one that was acknowledged is in the volume [L2]", async () => {
  const commitLoop = RemoteFunction.fromName<(rounds: number) => Promise<number>>(
    "kill-server",
    "commitLoop",
  );
  const call = await commitLoop.spawn(12);
  const [container] = await containersWith(server.dataDirectory, "/tmp/committed");
  for (let deaths = 0; deaths < 2; deaths += 1) {
    await server.processes.server.kill();
    await delay(400);
    await server.processes.startServer();
    await delay(800);
  }
  expect(container).toBeDefined();
  expect(await call.get()).toBe(12);
  const files = await Volume.fromName("kill-server").files();
  for (let round = 1; round <= 12; round += 1) {
    expect(Buffer.from(await files.readFile(`round-${round}`)).toString()).toBe(String(round).repeat(10_000));
  }
});

test("an upload goes on over a death of the server, which knows the blocks that it had accepted [L8]", async () => {
  const content = randomBytes((100 << 20) + 5);
  await using local = await temporaryDirectory({ weights: content });
  const died = Promise.withResolvers<void>();
  let accepted = 0;
  const onResponse = (message: unknown) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    if (request.method !== "PUT" || response.statusCode !== 200) return;
    accepted += 1;
    if (accepted === 4) died.resolve(server.processes.server.kill());
  };
  subscribe("http.client.response.finish", onResponse);
  onTestFinished(() => void unsubscribe("http.client.response.finish", onResponse));
  const files = await Volume.fromName("uploads", { createIfMissing: true }).files();
  const putting = files.putFile(join(local.path, "weights"), "weights");
  await died.promise;
  await server.processes.startServer();
  await putting;
  expect(accepted).toBeLessThanOrEqual(Math.ceil(content.length / (8 << 20)));
  expect(Buffer.from(await files.readFile("weights")).equals(content)).toBe(true);
  const [received, ...others] = await readdir(join(server.dataDirectory, "blocks/large"));
  expect(others).toEqual([]);
  expect((await stat(join(server.dataDirectory, "blocks/large", received ?? ""))).nlink).toBe(2);
});

test("a file that the server was about to take itself is put all the same when it dies over it [L8]", async () => {
  const content = randomBytes((64 << 20) + 5);
  await using local = await temporaryDirectory({ weights: content });
  const links = join(server.dataDirectory, "handover");
  using _handingOver = handingOver(server.client, server.dataDirectory);
  const files = await Volume.fromName("handed-over", { createIfMissing: true }).files();
  const putting = files.putFile(join(local.path, "weights"), "weights", { overwrite: true });
  await eventually(
    () => readdir(links),
    (names) => names.length > 0,
  );
  await server.processes.server.kill();
  await server.processes.startServer();
  await putting;
  expect(Buffer.from(await files.readFile("weights")).equals(content)).toBe(true);
  expect(await readdir(links)).toEqual([]);
});

test("an image build is taken up again, and the deployment that waits for it succeeds", async () => {
  await using project = await temporaryDirectory({
    "app.ts": `
      import { App, Image } from "dorian";
      const image = Image.debianSlim().runCommands("echo begun-1 > /first").runCommands("echo building; sleep 3; echo built > /second");
      export const app = new App("kill-build", { image });
      export const look = app.function({ name: "look" }, async () => (await import("node:fs")).readFileSync("/second", "utf8"));
    `,
  });
  let begun = false;
  const restarted = Promise.withResolvers<void>();
  const deploying = dorian(server.dataDirectory, ["deploy", "app.ts"], {
    cwd: project.path,
    onOutput(text) {
      if (begun || !/^\W*building$/m.test(text)) return;
      begun = true;
      restarted.resolve(server.processes.server.kill().then(() => server.processes.startServer()));
    },
  });
  const result = await Promise.race([deploying, restarted.promise.then(() => deploying)]);
  expect(begun).toBe(true);
  expect(result.code, result.stderr).toBe(0);
  const look = RemoteFunction.fromName<() => Promise<string>>("kill-build", "look");
  expect(await look.remote()).toBe("built\n");
});

test("a server that is told to stop ends though its worker, containers and clients wait for it, and they go on with the next one [L7]", async () => {
  const held = RemoteFunction.fromName<(text: string) => Promise<[string, string]>>("kill-server", "held");
  const call = await held.spawn("stop");
  const [container] = await containersWith(server.dataDirectory, "/tmp/held");
  using _peer = await drippingPeer(server.processes.url);
  const result = call.get();
  await server.processes.server.stop();
  container?.touch("/tmp/free");
  await server.processes.startServer();
  expect(await result).toEqual(["stop", "stop"]);
});
