import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { DictGetRequestSchema, ModalClient, ObjectCreationType } from "@dorian/protocol/modal";
import { Function as RemoteFunction } from "dorian";
import { containersWith } from "@dorian/testkit/containers";
import { eventually } from "@dorian/testkit/eventually";
import { http2Attacks } from "@dorian/testkit/http2-attacks";
import {
  frameTypes,
  http2Preface,
  RawHttp2Peer,
  rawCall,
  rawFrame,
  rawMessage,
  rawSettings,
} from "@dorian/testkit/raw-http2-peer";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { afterAll, beforeAll, expect, test } from "vitest";

const source = `
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image } from "dorian";

export const app = new App("border-http2", { image: Image.debianSlim() });

export const held = app.function({ name: "held", timeout: 3600 }, async () => {
  await writeFile("/tmp/held", "");
  while (!existsSync("/tmp/go")) await delay(20);
  return "whole";
});
`;

let server: RunningServer;
let work: { get(): Promise<string> };
let targets: Record<"the server's port" | "a task's socket", { port: number } | { path: string }>;

beforeAll(async () => {
  server = await runningServer({ apps: [source] });
  work = await RemoteFunction.fromName<() => Promise<string>>("border-http2", "held").spawn();
  const [container] = await containersWith(server.dataDirectory, "/tmp/held");
  if (!container) throw new Error("the container is not there");
  targets = {
    "the server's port": { port: Number(new URL(server.client.url).port) },
    "a task's socket": { path: container.path("/run/dorian/task.sock") },
  };
});

afterAll(() => server[Symbol.asyncDispose]());

/** Processes of Dorian's own, and the memory that they hold, in MiB. */
async function processes(): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (const pid of [server.processes.pid, ...(await childrenOf(server.processes.pid))]) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    if (/^Name:\s+(node|MainThread)$/m.test(status))
      found.set(pid, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
  }
  return found;
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return text.split(" ").filter(Boolean).map(Number);
}

/** Ten calls a second, each with a connection's usual patience, until it is disposed of. */
function canary(url: string, metadata: Record<string, string>) {
  const connection = new Connection({ url, metadata });
  const modal = createClient(ModalClient, connection);
  const stop = new AbortController();
  const failures: unknown[] = [];
  let answered = 0;
  const singing = (async () => {
    while (!stop.signal.aborted) {
      await modal.volumeList({}, { signal: AbortSignal.timeout(20_000) }).then(
        () => (answered += 1),
        (error: unknown) => failures.push(error),
      );
      await delay(100);
    }
  })();
  return {
    failures,
    answered: () => answered,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await singing;
      connection[Symbol.dispose]();
    },
  };
}

async function tokens(): Promise<Record<string, string>> {
  const file = JSON.parse(await readFile(`${server.dataDirectory}/client.json`, "utf8")) as Record<
    string,
    string
  >;
  return { "x-modal-token-id": file["tokenId"] ?? "", "x-modal-token-secret": file["tokenSecret"] ?? "" };
}

const faults = [...new Set(http2Attacks.map(({ fault }) => fault))];
const grownAtMost = 64;
const mebibyte = 1024 * 1024;

for (const target of ["the server's port", "a task's socket"] as const) {
  for (const fault of faults) {
    test(`attacks at ${target} neither stop nor fill anything, and others are answered on [${fault}]`, async () => {
      const before = await processes();
      await using others = canary(server.client.url, await tokens());
      for (const attack of http2Attacks.filter((each) => each.fault === fault))
        await attack.run(() => RawHttp2Peer.connect(targets[target]));
      await eventually(
        async () => others.answered(),
        (answered) => answered >= 10,
      );
      expect(others.failures).toEqual([]);
      const grown = async () => {
        const now = await processes();
        expect([...now.keys()]).toEqual([...before.keys()]);
        return [...now].map(([pid, mebibytes]) => Math.round(mebibytes - (before.get(pid) ?? 0)));
      };
      await eventually(grown, (each) => each.every((mebibytes) => mebibytes <= grownAtMost), 60_000);
    });
  }
}

for (const target of ["the server's port", "a task's socket"] as const) {
  test(`large answers that nobody reads are made one after the other, at ${target} [B7]`, async () => {
    const connection = new Connection({ url: server.client.url, metadata: await tokens() });
    const modal = createClient(ModalClient, connection);
    const named = { deploymentName: "unread", objectCreationType: ObjectCreationType.CREATE_IF_MISSING };
    const { dictId } = await modal.dictGetOrCreate(named);
    const [key, value] = [Buffer.from("k"), Buffer.alloc(8 * mebibyte)];
    await modal.dictUpdate({ dictId, updates: [{ key, value }] });
    connection[Symbol.dispose]();
    const before = await processes();
    const metadata = target === "the server's port" ? Object.entries(await tokens()) : [];
    await using others = canary(server.client.url, await tokens());
    const ask = rawCall("/modal.client.ModalClient/DictGet", ...metadata);
    const question = rawMessage(
      toBinary(DictGetRequestSchema, create(DictGetRequestSchema, { dictId, key })),
    );
    using peers = new DisposableStack();
    for (let count = 0; count < 20; count++) {
      const peer = peers.use(await RawHttp2Peer.connect(targets[target], { begin: false }));
      // Its windows take nothing.
      peer.write(http2Preface, rawSettings([4, 0]));
      for (let stream = 1; stream < 16; stream += 2)
        peer.write(rawFrame("headers", 4, stream, ask), rawFrame("data", 1, stream, question));
    }
    const most = new Map<number, number>();
    await eventually(
      async () => {
        for (const [pid, mebibytes] of await processes())
          most.set(pid, Math.max(most.get(pid) ?? 0, mebibytes - (before.get(pid) ?? 0)));
        return others.answered();
      },
      (answered) => answered >= 30,
      60_000,
    );
    expect(others.failures).toEqual([]);
    // All of them would be 1,280 MiB.
    expect(Math.max(...most.values())).toBeLessThan(250);
    peers.dispose();
    const grown = async () =>
      [...(await processes())].map(([pid, mebibytes]) => Math.round(mebibytes - (before.get(pid) ?? 0)));
    await eventually(grown, (each) => each.every((mebibytes) => mebibytes <= grownAtMost), 60_000);
  });
}

test("who connects and says nothing is let go, and so is who stops in the middle of its headers [B8]", async () => {
  const silent = await Promise.all(
    Array.from({ length: 200 }, () => RawHttp2Peer.connect(targets["the server's port"], { begin: false })),
  );
  const slow = await RawHttp2Peer.connect(targets["the server's port"]);
  slow.write(rawFrame("headers", 0, 1, rawCall("/modal.client.ModalClient/ClientHello")));
  await Promise.all([...silent, slow].map((peer) => peer.whenClosed()));
  expect([...silent, slow].every(({ closed }) => closed)).toBe(true);
});

test("a caller who vanishes without a word is given up: its call ends and its connection is closed [B8]", async () => {
  using peer = await RawHttp2Peer.connect(targets["the server's port"]);
  peer.write(rawFrame("headers", 4, 1, rawCall("/modal.client.ModalClient/ClientHello")));
  // It reads, and acknowledges nothing.
  const asked = await peer.next(({ type, flags }) => type === frameTypes.ping && flags === 0);
  expect(asked).toBeDefined();
  await peer.whenClosed();
  expect(peer.closed).toBe(true);
});

test("the work that went on under attack comes to its end", async () => {
  const [container] = await containersWith(server.dataDirectory, "/tmp/held");
  container?.touch("/tmp/go");
  expect(await work.get()).toBe("whole");
});
