import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { Anteroom } from "./anteroom.ts";
import { ConnectionBudget } from "./connection-budget.ts";
import { Listener, type ListenerOptions } from "./listener.ts";

async function echoing(options: Partial<ListenerOptions> = {}): Promise<Listener> {
  return await Listener.open({
    address: { host: "127.0.0.1", port: 0 },
    protocol: "http/1.1",
    onConnection: (socket) => socket.pipe(socket),
    ...options,
  });
}

function dial(listener: Listener): Socket {
  return connect({ host: "127.0.0.1", port: listener.port }).on("error", () => undefined);
}

async function said(socket: Socket): Promise<string> {
  return String((await once(socket, "data"))[0]);
}

test("a peer that speaks is served from its first byte on", async () => {
  await using listener = await echoing();
  const socket = dial(listener);
  socket.write("a");
  expect(await said(socket)).toBe("a");
  socket.write("b");
  expect(await said(socket)).toBe("b");
  socket.destroy();
});

test("a peer that says nothing is let go, and one that spoke is not", async () => {
  await using listener = await echoing({ anteroom: new Anteroom({ waitMs: 50 }) });
  const [silent, speaking] = [dial(listener), dial(listener)];
  speaking.write("a");
  expect(await said(speaking)).toBe("a");
  await once(silent, "close");
  speaking.write("b");
  expect(await said(speaking)).toBe("b");
  speaking.destroy();
});

test("of many silent peers the oldest go first", async () => {
  const anteroom = new Anteroom({ mostWaiting: 3 });
  await using listener = await echoing({ anteroom });
  const sockets: Socket[] = [];
  for (let index = 0; index < 5; index++) {
    const socket = dial(listener);
    await once(socket, "connect");
    sockets.push(socket);
  }
  await Promise.all(sockets.slice(0, 2).map((socket) => once(socket, "close")));
  expect(anteroom.size).toBe(3);
  const last = sockets[4];
  last?.write("x");
  expect(last && (await said(last))).toBe("x");
  for (const socket of sockets) socket.destroy();
});

test("a peer without a place is let go at once, and its place is free when another leaves", async () => {
  const budget = new ConnectionBudget({ all: 1, eachPeer: 1, thisMachine: 1 });
  await using listener = await echoing({ budget });
  const first = dial(listener);
  first.write("a");
  await said(first);
  await once(dial(listener), "close");
  first.destroy();
  await expect.poll(() => budget.open).toBe(0);
  const second = dial(listener);
  second.write("b");
  expect(await said(second)).toBe("b");
  second.destroy();
});

test("connections that reset before, at and after their first byte leave nothing behind", async () => {
  const budget = new ConnectionBudget();
  const anteroom = new Anteroom();
  await using listener = await echoing({ budget, anteroom });
  const resets = Array.from({ length: 60 }, async (_, index) => {
    const socket = dial(listener);
    await once(socket, "connect");
    if (index % 3 > 0) socket.write("x");
    if (index % 3 > 1) await said(socket);
    socket.resetAndDestroy();
  });
  await Promise.all(resets);
  await expect.poll(() => [budget.open, anteroom.size]).toEqual([0, 0]);
});

test("an address that is taken is refused with what to do", async () => {
  await using listener = await echoing();
  await expect(echoing({ address: { host: "127.0.0.1", port: listener.port } })).rejects.toMatchObject({
    code: "SERVER_ADDRESS_UNUSABLE",
  });
});
