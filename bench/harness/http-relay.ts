import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { answer } from "../apps/web-handler.ts";

/**
 * What a route costs at the least where three processes share it: one that speaks HTTP, one that passes bytes on, and one that runs
 * the handler of `bench/apps/web.ts`, over two sockets whose names are no files. No limits, no errors, no queue: a limit to be held against, not a server.
 */
const [, file = "", role = "front", below = ""] = process.argv;

if (role === "front") await front();
else if (role === "middle") await middle();
else handler();

async function front(): Promise<void> {
  const path = `dorian-bench-relay-${process.pid}`;
  const middleProcess = fork(file, ["middle", path]);
  await once(middleProcess, "message");
  const socket = connect(`\0${path}.middle`);
  const waiting = new Map<number, ServerResponse>();
  let lastId = 0;
  onFrames(socket, (id, head, body) => {
    const response = waiting.get(id);
    waiting.delete(id);
    const { status, headers } = head as { status: number; headers: string[] };
    response?.writeHead(status, headers).end(body);
  });
  const server = createHttpServer((incoming: IncomingMessage, response) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const { method, url, rawHeaders } = incoming;
      waiting.set(++lastId, response);
      send(socket, lastId, { method, url, headers: rawHeaders }, Buffer.concat(parts));
    });
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
  process.once("disconnect", () => process.exit());
}

async function middle(): Promise<void> {
  const end = fork(file, ["handler", below]);
  await once(end, "message");
  const server = createServer((above) => {
    const socket = connect(`\0${below}.handler`);
    above.on("data", (part) => socket.write(part));
    socket.on("data", (part) => above.write(part));
  });
  server.listen(`\0${below}.middle`, () => process.send?.("ready"));
  process.once("disconnect", () => process.exit());
}

function handler(): void {
  const server = createServer((socket) =>
    onFrames(socket, async (id, head, body) => {
      const { method, url, headers: flat } = head as { method: string; url: string; headers: string[] };
      const headers = new Headers();
      for (let index = 0; index + 1 < flat.length; index += 2)
        headers.append(flat[index] ?? "", flat[index + 1] ?? "");
      const request = new Request(`http://${headers.get("host")}${url}`, { method, headers, body });
      const response = await answer(request);
      const bytes = Buffer.from(await response.arrayBuffer());
      const said = [...response.headers, ["content-length", String(bytes.length)]].flat();
      send(socket, id, { status: response.status, headers: said }, bytes);
    }),
  );
  server.listen(`\0${below}.handler`, () => process.send?.("ready"));
  process.once("disconnect", () => process.exit());
}

function send(socket: Socket, id: number, head: unknown, body: Buffer): void {
  const text = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(12);
  prefix.writeUInt32LE(id, 0);
  prefix.writeUInt32LE(text.length, 4);
  prefix.writeUInt32LE(body.length, 8);
  socket.cork();
  socket.write(Buffer.concat([prefix, text, body]));
  process.nextTick(() => socket.uncork());
}

function onFrames(
  socket: Socket,
  take: (id: number, head: unknown, body: Buffer<ArrayBuffer>) => void,
): void {
  let rest = Buffer.alloc(0);
  socket.on("data", (part: Buffer) => {
    rest = rest.length === 0 ? Buffer.from(part) : Buffer.concat([rest, part]);
    while (rest.length >= 12) {
      const [head, body] = [12 + rest.readUInt32LE(4), rest.readUInt32LE(8)];
      if (rest.length < head + body) break;
      take(
        rest.readUInt32LE(0),
        JSON.parse(rest.toString("utf8", 12, head)),
        Buffer.from(rest.subarray(head, head + body)),
      );
      rest = rest.subarray(head + body);
    }
  });
}
