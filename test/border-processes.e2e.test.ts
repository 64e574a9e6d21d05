import { setTimeout as delay } from "node:timers/promises";
import { readFile } from "node:fs/promises";
import { Function as RemoteFunction } from "dorian";
import { containersOf, containersWith } from "@dorian/testkit/containers";
import { DorianProcess, isAlive } from "@dorian/testkit/dorian-process";
import { eventually } from "@dorian/testkit/eventually";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { ModalClient } from "@dorian/protocol/modal";
import { drippingPeer } from "@dorian/testkit/dripping-peer";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

const source = `
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image, currentTaskId } from "dorian";

export const app = new App("border", { image: Image.debianSlim() });

export const square = app.function({ name: "square" }, async (value: number) => value * value);

/** Goes on when somebody makes the file /tmp/go-<text>, and says where it ran and how often it was begun there. */
export const gated = app.function({ name: "gated" }, async (text: string) => {
  await appendFile("/tmp/begun-" + text, "x");
  while (!existsSync("/tmp/go-" + text)) await delay(20);
  return [currentTaskId(), (await readFile("/tmp/begun-" + text, "utf8")).length];
});

const frame = (type: number, flags: number, stream: number, payload = Buffer.alloc(0)) => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
const integer = (value: number) => {
  const bytes = [127];
  for (value -= 127; value >= 128; value >>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
};
const text = (value: string) => Buffer.concat([value.length < 127 ? Buffer.from([value.length]) : integer(value.length), Buffer.from(value)]);
const literal = (name: string, value: string, first = 0) => Buffer.concat([Buffer.from([first]), text(name), text(value)]);
const headers = Buffer.concat([
  literal(":method", "POST"), literal(":scheme", "http"), literal(":path", "/modal.client.ModalClient/ClientHello"),
  literal(":authority", "localhost"), literal("content-type", "application/grpc"), literal("te", "trailers"),
]);

/** One entry of the header table, named again and again. */
function unfolding(): Buffer {
  const block = Buffer.concat([headers, literal("x", "A".repeat(4063), 0x40), Buffer.alloc(60_000, 0xbe)]);
  const frames = [];
  for (let at = 0; at < block.length; at += 16_384)
    frames.push(frame(at === 0 ? 1 : 9, at + 16_384 >= block.length ? 4 : 0, 1, block.subarray(at, at + 16_384)));
  return Buffer.concat(frames);
}
/** Many streams, then settings that concern all of them. */
function resettled(): Buffer {
  const open = Array.from({ length: 9_990 }, (_, index) => frame(1, 4, 2 * index + 1, headers));
  const settings = Buffer.alloc(6 * 2_700);
  for (let at = 0; at < settings.length; at += 6) {
    settings.writeUInt16BE(4, at);
    settings.writeUInt32BE(65_535 + ((at / 6) & 1), at + 2);
  }
  return Buffer.concat([...open, ...Array.from({ length: 40 }, () => frame(4, 0, 0, settings))]);
}
/** A header block that never ends. */
function endless(): Buffer {
  const nothing = frame(9, 0, 1);
  return Buffer.concat([frame(1, 0, 1, headers), ...Array.from({ length: 500_000 }, () => nothing)]);
}

/** Sends hostile bytes to the task's socket, again whenever it hangs up, until it is stopped. */
export const attack = app.function({ name: "attack", retries: 0, blockNetwork: true }, async () => {
  await writeFile("/tmp/attacking", "");
  const sockets = [unfolding(), resettled(), endless()].map(async (bytes) => {
    for (;;) {
      await new Promise<void>((resolve) => {
        const socket = connect("/run/dorian/task.sock");
        socket.on("error", () => undefined).on("data", () => undefined).once("close", () => resolve());
        socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n"), frame(4, 0, 0), bytes]));
      });
      await delay(50);
    }
  });
  await Promise.all(sockets);
});
`;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({ apps: [source] });
});

afterAll(() => server[Symbol.asyncDispose]());

const square = () => RemoteFunction.fromName<(value: number) => Promise<number>>("border", "square");
const gated = () => RemoteFunction.fromName<(text: string) => Promise<[string, number]>>("border", "gated");

/** Asks the server something over and over for so long; throws at the first answer that does not come. */
async function askServer(forMs: number): Promise<number> {
  let answers = 0;
  for (const startedAt = performance.now(); performance.now() - startedAt < forMs; answers += 1) {
    await server.client.modal.appList({}, { signal: AbortSignal.timeout(10_000) });
    await delay(50);
  }
  return answers;
}

test("what a container sends to its task socket does not reach the server's process: it goes on answering [B9]", async () => {
  const serverPid = await server.processes.pidOf("server");
  const attack = await RemoteFunction.fromName<() => Promise<void>>("border", "attack").spawn();
  await containersWith(server.dataDirectory, "/tmp/attacking");
  expect(await askServer(8_000)).toBeGreaterThan(10);
  await attack.cancel({ terminateContainers: true });
  expect(await square().remote(7)).toBe(49);
  expect(await server.processes.pidOf("server")).toBe(serverPid);
  expect(isAlive(serverPid)).toBe(true);
});

test("a worker that is stuck does not hold up the server, and is replaced [B9]", async () => {
  const [serverPid, stuck] = [await server.processes.pidOf("server"), await server.processes.pidOf("worker")];
  const call = await gated().spawn("stuck");
  const [first] = await containersWith(server.dataDirectory, "/tmp/begun-stuck");
  process.kill(stuck, "SIGSTOP");
  expect(await askServer(5_000)).toBeGreaterThan(10);
  const second = await eventually(
    async () => (await containersWith(server.dataDirectory, "/tmp/begun-stuck"))[0],
    (container) => container?.taskId !== first?.taskId,
    120_000,
  );
  second?.touch("/tmp/go-stuck");
  expect(await call.get()).toEqual([second?.taskId, 1]);
  expect(isAlive(stuck)).toBe(false);
  expect(await server.processes.pidOf("server")).toBe(serverPid);
  expect(server.processes.output).toMatch(/the worker has not answered for \d+ s: it is killed/);
});

test("a killed worker is started again without its containers, the server goes on, and who waits gets the result [B9]", async () => {
  const [serverPid, worker] = [
    await server.processes.pidOf("server"),
    await server.processes.pidOf("worker"),
  ];
  const call = await gated().spawn("worker");
  const [first] = await containersWith(server.dataDirectory, "/tmp/begun-worker");
  process.kill(worker, "SIGKILL");
  expect(await askServer(2_000)).toBeGreaterThan(5);
  const second = await eventually(
    async () => (await containersWith(server.dataDirectory, "/tmp/begun-worker"))[0],
    (container) => container?.taskId !== first?.taskId,
    60_000,
  );
  expect(isAlive(first?.pid ?? 0)).toBe(false);
  expect((await leftoversOf(server.dataDirectory)).join("\n")).not.toContain(first?.taskId);
  second?.touch("/tmp/go-worker");
  expect(await call.get()).toEqual([second?.taskId, 1]);
  expect(await server.processes.pidOf("server")).toBe(serverPid);
  expect(await server.processes.pidOf("worker")).not.toBe(worker);
  expect(server.processes.output).toMatch(/the worker ended: it is started again.*SIGKILL/);
});

test("a killed server is started again on its address, and its worker's containers go on [B9]", async () => {
  const [serverPid, worker] = [
    await server.processes.pidOf("server"),
    await server.processes.pidOf("worker"),
  ];
  const call = await gated().spawn("server");
  const [container] = await containersWith(server.dataDirectory, "/tmp/begun-server");
  process.kill(serverPid, "SIGKILL");
  await eventually(
    () => server.processes.pidOf("server"),
    (pid) => pid !== serverPid,
  );
  container?.touch("/tmp/go-server");
  expect(await call.get()).toEqual([container?.taskId, 1]);
  const { url } = JSON.parse(await readFile(`${server.dataDirectory}/client.json`, "utf8")) as {
    url: string;
  };
  expect(url).toBe(server.processes.ready["url"]);
  expect(await server.processes.pidOf("worker")).toBe(worker);
  expect(await square().remote(8)).toBe(64);
});

test("a server that stood still for longer than workers may be silent gives none of them up, and inputs run once [B5]", async () => {
  const [serverPid, worker] = [
    await server.processes.pidOf("server"),
    await server.processes.pidOf("worker"),
  ];
  const lost = () => server.processes.output.match(/worker lost/g)?.length ?? 0;
  const lostBefore = lost();
  const call = await gated().spawn("still");
  const [container] = await containersWith(server.dataDirectory, "/tmp/begun-still");
  process.kill(serverPid, "SIGSTOP");
  onTestFinished(() => void process.kill(serverPid, "SIGCONT"));
  await delay(20_000);
  process.kill(serverPid, "SIGCONT");
  await delay(5_000);
  container?.touch("/tmp/go-still");
  expect(await call.get()).toEqual([container?.taskId, 1]);
  expect(lost()).toBe(lostBefore);
  expect([await server.processes.pidOf("server"), await server.processes.pidOf("worker")]).toEqual([
    serverPid,
    worker,
  ]);
});

test("when the supervisor is killed its processes end and leave nothing, and the next start goes on with the work [B9]", async () => {
  const call = await gated().spawn("orphan");
  const [first] = await containersWith(server.dataDirectory, "/tmp/begun-orphan");
  const processes = [
    await server.processes.pidOf("server"),
    await server.processes.pidOf("worker"),
    first?.pid ?? 0,
  ];
  const address = ["--listen", new URL(String(server.processes.ready["url"])).host];
  await server.processes.killAlone();
  // At once: what is left of the killed one is waited for.
  server.processes = await DorianProcess.start({ dataDirectory: server.dataDirectory, args: address });
  expect(processes.filter(isAlive)).toEqual([]);
  const [second] = await containersWith(server.dataDirectory, "/tmp/begun-orphan");
  expect(second?.taskId).not.toBe(first?.taskId);
  second?.touch("/tmp/go-orphan");
  expect(await call.get()).toEqual([second?.taskId, 1]);

  const again = [await server.processes.pidOf("server"), await server.processes.pidOf("worker")];
  await server.processes.killAlone();
  await eventually(
    async () => again.filter(isAlive),
    (alive) => alive.length === 0,
  );
  expect(await containersOf(server.dataDirectory)).toEqual([]);
  expect(await leftoversOf(server.dataDirectory)).toEqual([]);
  server.processes = await DorianProcess.start({ dataDirectory: server.dataDirectory, args: address });
});

test("peers without a token do not keep `dorian up` from ending: one that drips, and one that waits for a token [L7]", async () => {
  const url = String(server.processes.ready["url"]);
  using _peer = await drippingPeer(url);
  using anonymous = new Connection({ url });
  const modal = createClient(ModalClient, anonymous);
  const { tokenFlowId, waitSecret } = await modal.tokenFlowCreate({});
  const waiting = modal
    .tokenFlowWait({ tokenFlowId, waitSecret, timeout: 40 })
    .catch((error: unknown) => error);
  await modal.clientHello({});
  await server.processes.stop();
  expect(await waiting).toMatchObject({ code: "SERVER_STOPPING", status: "UNAVAILABLE" });
  server.processes = await DorianProcess.start({
    dataDirectory: server.dataDirectory,
    args: ["--listen", new URL(url).host],
  });
});

test("a server that is stuck does not keep `dorian up` from ending [B9]", async () => {
  const serverPid = await server.processes.pidOf("server");
  process.kill(serverPid, "SIGSTOP");
  await server.processes.stop();
  expect(isAlive(serverPid)).toBe(false);
  server.processes = await DorianProcess.start({
    dataDirectory: server.dataDirectory,
    args: ["--listen", new URL(String(server.processes.ready["url"])).host],
  });
});
