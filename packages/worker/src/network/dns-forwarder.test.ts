import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { DnsForwarder } from "./dns-forwarder.ts";
import { outsideMachine } from "./outside.ts";

/** A resolver over both protocols that answers what it was asked, but for questions that begin with "never". */
async function forwarded() {
  let asked = 0;
  let connected = 0;
  const tcp = createServer((socket) => {
    connected += 1;
    socket
      .on("error", () => undefined)
      .on("data", (query: Buffer) => {
        if (!query.includes("never")) socket.write(query);
      });
  }).listen(0, "127.0.0.1");
  await once(tcp, "listening");
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket("udp4").bind(port, "127.0.0.1");
  await once(udp, "listening");
  udp.on("message", (query, from) => {
    asked += 1;
    if (!query.includes("never")) udp.send(query, from.port, from.address);
  });
  const forwarder = await DnsForwarder.open({
    address: "127.0.0.1",
    upstream: { address: "127.0.0.1", port },
  });
  onTestFinished(async () => {
    await forwarder[Symbol.asyncDispose]();
    tcp.close();
    udp.close();
  });
  return { port: forwarder.port, asked: () => asked, connected: () => connected };
}

async function askerAt(address: string): Promise<Socket> {
  const socket = createSocket("udp4").bind(0, address);
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  return socket;
}

test("one container's open questions leave room for those of others [B9]", async () => {
  await using elsewhere = await outsideMachine();
  const { port, asked } = await forwarded();
  const greedy = await askerAt(elsewhere.hostAddress);
  const other = await askerAt("127.0.0.1");
  const answers: string[] = [];
  other.on("message", (answer) => answers.push(String(answer)));
  // By the hundred, so that none is lost on the way.
  for (let count = 0; count < 1200; count += 100) {
    for (let each = 0; each < 100; each += 1) greedy.send("never", port, "127.0.0.1");
    await pause(20);
  }
  await expect
    .poll(() => {
      other.send("who", port, "127.0.0.1");
      return answers;
    })
    .toContain("who");
  expect(asked()).toBeGreaterThan(100);
  expect(asked()).toBeLessThan(500);
});

test("one container's connections leave room for those of others [B9]", async () => {
  await using elsewhere = await outsideMachine();
  const { port, connected } = await forwarded();
  const dial = (localAddress: string) => {
    const socket = connect({ host: "127.0.0.1", port, localAddress });
    onTestFinished(() => void socket.destroy());
    return socket.on("error", () => undefined);
  };
  for (let count = 0; count < 300; count += 1) {
    const socket = dial(elsewhere.hostAddress);
    socket.write("never");
    await Promise.race([once(socket, "connect"), once(socket, "close")]);
  }
  const other = dial("127.0.0.1");
  other.write("who");
  expect(String((await once(other, "data"))[0])).toBe("who");
  expect(connected()).toBeGreaterThan(100);
  expect(connected()).toBeLessThan(200);
});
