import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { WebForwarders } from "./web-forwarders.ts";

/** A server, and the port at which it is reached through forwarders. */
async function forwarded(serve: (socket: Socket) => void) {
  let open = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open += 1;
    socket.on("error", () => undefined).once("close", () => (open -= 1));
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const forwarders = new WebForwarders({ address: "127.0.0.1", serverHost: () => "127.0.0.1" });
  onTestFinished(async () => {
    await forwarders[Symbol.asyncDispose]();
    server.close();
  });
  const at = (await forwarders.set([port])).get(port) ?? 0;
  const dial = () => connect(at, "127.0.0.1").on("error", () => undefined);
  return { forwarders, port, at, dial, open: () => open };
}

test("bytes pass both ways, and one side may end before the other [A22]", async () => {
  const { dial, open } = await forwarded((socket) => {
    void buffer(socket).then((bytes) => socket.end(`${bytes.length} `.repeat(1_000_000)));
  });
  const socket = dial();
  socket.allowHalfOpen = true;
  socket.end(Buffer.alloc(5_000_000));
  expect((await buffer(socket)).length).toBe("5000000 ".length * 1_000_000);
  await expect.poll(open).toBe(0);
});

test("containers hold only so many connections together, and what breaks ends both sides [A22]", async () => {
  const { dial, open } = await forwarded((socket) => socket.resume().on("end", () => socket.end()));
  const sockets = Array.from({ length: 200 }, () => dial().resume());
  const refused = sockets.map((socket) => once(socket, "close"));
  await expect.poll(open).toBe(128);
  await Promise.any(refused);
  for (const socket of sockets) socket.resetAndDestroy();
  await expect.poll(open).toBe(0);
  const after = dial();
  await expect.poll(open).toBe(1);
  after.destroy();
});

test("a server that hangs up, or is not there, is seen at once [A22]", async () => {
  const { forwarders, port, dial } = await forwarded((socket) => socket.destroy());
  const socket = dial();
  socket.resume();
  await once(socket, "close");
  await forwarders.set([port, 1]);
  const nowhere = connect((await forwarders.set([1])).get(1) ?? 0, "127.0.0.1");
  nowhere.on("error", () => undefined).resume();
  await once(nowhere, "close");
  expect(nowhere.bytesRead).toBe(0);
});

test("who does not read makes the server wait [A22]", async () => {
  let written = 0;
  const { dial } = await forwarded((socket) => {
    const part = Buffer.alloc(1 << 20);
    const write = () => {
      do written += part.length;
      while (socket.write(part) && written < 1 << 30);
    };
    socket.on("drain", write);
    write();
  });
  const socket = dial();
  socket.pause();
  let before = -1;
  await expect
    .poll(
      () => {
        const isStill = written === before;
        before = written;
        return isStill && written > 0;
      },
      { interval: 300 },
    )
    .toBe(true);
  expect(written).toBeLessThan(64 << 20);
  socket.destroy();
});

test("a port that is not forwarded to any more is closed, and what goes on there goes on [A22]", async () => {
  const { forwarders, dial, at, open } = await forwarded((socket) => socket.pipe(socket));
  const socket = dial();
  await expect.poll(open).toBe(1);
  await forwarders.set([]);
  const late = connect(at, "127.0.0.1");
  const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNREFUSED");
  socket.write("still");
  expect(String((await once(socket, "data"))[0])).toBe("still");
  socket.destroy();
});
