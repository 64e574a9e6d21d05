import { expect, test } from "vitest";
import { acceptanceOf, upgradeWebSocket } from "./upgrade-websocket.ts";

const asking = new Request("http://localhost/chat", { headers: { upgrade: "websocket" } });

/** A socket that has been opened, what its client was told, and what the client says. */
function opened() {
  const { socket, response } = upgradeWebSocket(asking, { protocol: "chat", headers: { "x-room": "1" } });
  const told: unknown[] = [];
  const client = acceptanceOf(response)?.open({
    bufferedBytes: 5,
    message: (data) => told.push(data),
    closed: (code, reason) => told.push([code, reason]),
  });
  if (!client) throw new Error("the response opens no websocket");
  return { socket, response, told, client };
}

test("a websocket is open once its response is returned, and has the protocol and headers that were chosen", () => {
  const { socket, response } = upgradeWebSocket(asking, { protocol: "chat", headers: { "x-room": "1" } });
  expect([response.status, socket.readyState, socket.protocol]).toEqual([101, 0, "chat"]);
  expect(() => socket.send("early")).toThrow("opens when its response is returned");
  const events: string[] = [];
  Object.assign(socket, { onopen: () => events.push("open") });
  const acceptance = acceptanceOf(response);
  expect(acceptance && [...acceptance.headers]).toEqual([["x-room", "1"]]);
  acceptance?.open({ message: () => undefined, closed: () => undefined });
  expect([socket.readyState, events]).toEqual([1, ["open"]]);
  expect(acceptanceOf(new Response())).toBeUndefined();
});

test("messages reach listeners of both kinds, binary ones as the program asked", async () => {
  const { socket, client } = opened();
  const received: unknown[] = [];
  socket.addEventListener("message", ({ data }) => received.push(data));
  Object.assign(socket, { onmessage: ({ data }: MessageEvent) => received.push(typeof data) });
  client.message("text");
  socket.binaryType = "arraybuffer";
  client.message(new Uint8Array([1, 2]));
  socket.binaryType = "blob";
  client.message(new Uint8Array([3]));
  expect(received.slice(0, 4)).toEqual(["string", "text", "object", new Uint8Array([1, 2]).buffer]);
  expect(await (received[5] as Blob).bytes()).toEqual(new Uint8Array([3]));
});

test("what is sent keeps its order, also behind a blob, and is a copy", async () => {
  const { socket, told } = opened();
  const bytes = new Uint8Array([1, 2, 3]);
  socket.send(bytes.subarray(1));
  bytes.fill(9);
  socket.send(new Blob(["blob"]));
  expect(socket.bufferedAmount).toBe(9);
  socket.send("behind");
  socket.close(4000, "done");
  socket.send("too late");
  await expect.poll(() => told.length).toBe(4);
  expect(told).toEqual([
    new Uint8Array([2, 3]),
    new Uint8Array(Buffer.from("blob")),
    "behind",
    [4000, "done"],
  ]);
});

test("a program closes with its own codes alone, and hears of the end once", () => {
  const { socket, client } = opened();
  expect(() => socket.close(1001)).toThrow("1001");
  expect(() => socket.close(1000, "x".repeat(124))).toThrow("too long");
  const ends: unknown[] = [];
  socket.addEventListener("close", ({ code, wasClean }) => ends.push([code, wasClean]));
  client.closed(1006, "");
  client.closed(1000, "");
  client.message("too late");
  expect([ends, socket.readyState]).toEqual([[[1006, false]], 3]);
});

test("only a request for a websocket becomes one", () => {
  expect(() => upgradeWebSocket(new Request("http://localhost/"))).toThrow("does not ask for a websocket");
});

test("a socket that is closed before its response is returned closes with its code and reason", () => {
  const { socket, response } = upgradeWebSocket(asking);
  socket.close(4401, "who are you?");
  const told: unknown[] = [];
  acceptanceOf(response)?.open({
    message: (data) => told.push(data),
    closed: (...how) => told.push(how),
  });
  expect(told).toEqual([[4401, "who are you?"]]);
});

test("a blob that cannot be read closes its socket", async () => {
  const { socket, told } = opened();
  const errors: unknown[] = [];
  socket.addEventListener("error", ({ type }) => errors.push(type));
  const unreadable = Object.assign(new Blob(["x"]), {
    bytes: () => Promise.reject(new Error("the file has changed")),
  });
  socket.send(unreadable);
  socket.send("behind");
  await expect.poll(() => told).toEqual([[1011, "A message could not be read."]]);
  expect([errors, socket.readyState]).toEqual([["error"], 2]);
});
