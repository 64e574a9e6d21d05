import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Connection, createClient } from "@dorian/protocol/grpc-client";
import { ModalClient } from "@dorian/protocol/modal";
import { RemoteFunction } from "@dorian/sdk/function/remote-function";
import type { Transport } from "@dorian/sdk/client/transport";
import { sdkConnection } from "@dorian/testkit/connection";
import { containersWith } from "@dorian/testkit/containers";
import { deployApp } from "@dorian/testkit/deployed-app";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { eventually } from "@dorian/testkit/eventually";
import { http2Attacks } from "@dorian/testkit/http2-attacks";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { frameTypes, RawHttp2Peer, rawCall, rawFrame } from "@dorian/testkit/raw-http2-peer";
import { seededData } from "@dorian/testkit/seeded-data";
import type { TemporaryDirectory } from "@dorian/testkit/temporary-directory";
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

let data: TemporaryDirectory;
let server: DorianProcess;
let client: Transport & Disposable;
let work: { get(): Promise<string> };
let targets: Record<"the server's port" | "a task's socket", { port: number } | { path: string }>;

beforeAll(async () => {
  data = await seededData();
  server = await DorianProcess.start({ dataDirectory: data.path });
  await deployApp(data.path, source);
  client = await sdkConnection(data.path);
  work = await RemoteFunction.fromName<() => Promise<string>>("border-http2", "held").spawn();
  const [container] = await containersWith(data.path, "/tmp/held");
  if (!container) throw new Error("the container is not there");
  targets = {
    "the server's port": { port: Number(new URL(client.url).port) },
    "a task's socket": { path: container.path("/run/dorian/task.sock") },
  };
});

afterAll(async () => {
  client[Symbol.dispose]();
  await server.stop();
  expect(await leftoversOf(data.path)).toEqual([]);
  await data[Symbol.asyncDispose]();
});

/** Processes of Dorian's own, and the memory that they hold, in MiB. */
async function processes(): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (const pid of [server.pid, ...(await childrenOf(server.pid))]) {
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
  const file = JSON.parse(await readFile(`${data.path}/client.json`, "utf8")) as Record<string, string>;
  return { "x-modal-token-id": file["tokenId"] ?? "", "x-modal-token-secret": file["tokenSecret"] ?? "" };
}

const faults = [...new Set(http2Attacks.map(({ fault }) => fault))];
const grownAtMost = 64;

for (const target of ["the server's port", "a task's socket"] as const) {
  for (const fault of faults) {
    test(`attacks at ${target} neither stop nor fill anything, and others are answered on [${fault}]`, async () => {
      const before = await processes();
      await using others = canary(client.url, await tokens());
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
  const [container] = await containersWith(data.path, "/tmp/held");
  container?.touch("/tmp/go");
  expect(await work.get()).toBe("whole");
});
