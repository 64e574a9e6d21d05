import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { UnfinishedMessages } from "./unfinished-messages.ts";
import { dispatchFixture } from "../../test/dispatch-fixture.ts";
import { UserError } from "../../test/scripted-container.ts";
import { eventually } from "../../test/scripted-caller.ts";
import { bytes, webScript, type WebConnection } from "../../test/scripted-web-app.ts";
import { openWeb } from "../../test/web-fixture.ts";

const fixture = dispatchFixture();

/** Sends everything back, until "bye". */
async function echo({ receive, send }: WebConnection): Promise<void> {
  expect((await receive()).case).toBe("websocketConnect");
  await send({
    case: "websocketAccept",
    value: { subprotocol: "chat", headers: ["x-served-by", "me"].map(bytes) },
  });
  for (;;) {
    const message = await receive();
    if (message.case !== "websocketReceive") return;
    const { content } = message.value;
    if (content.value === "bye") {
      await send({ case: "websocketClose", value: { code: 4001, reason: "see you" } });
      return;
    }
    await send({ case: "websocketSend", value: { content: content as never } });
  }
}

test("text and bytes go both ways, in order, until the app closes with a code", async () => {
  await using web = await openWeb(fixture, { script: webScript(echo) });
  const socket = new WebSocket(`${wsUrl(web.url)}/room`, ["talk", "chat"]);
  const [upgrade] = (await once(socket, "upgrade")) as [{ headers: Record<string, string> }];
  expect(upgrade.headers["x-served-by"]).toBe("me");
  if (socket.readyState !== WebSocket.OPEN) await once(socket, "open");
  expect(socket.protocol).toBe("chat");
  const received: unknown[] = [];
  socket.on("message", (data, isBinary) => received.push(isBinary ? data : String(data)));
  const sent = [
    ...Array.from({ length: 100 }, (_, n) => `m${n} ö`),
    Buffer.from([0, 255]),
    "",
    "x".repeat(300_000),
  ];
  for (const each of sent) socket.send(each);
  socket.send("bye");
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  expect(received).toEqual(sent);
  expect([code, String(reason)]).toEqual([4001, "see you"]);
});

test("an app learns with which code its client closed", async () => {
  const seen: unknown[] = [];
  await using web = await openWeb(fixture, {
    script: webScript(async ({ receive, send }) => {
      await receive();
      await send({ case: "websocketAccept", value: {} });
      const message = await receive();
      seen.push(message.case === "websocketDisconnect" && message.value.code);
    }),
  });
  const socket = new WebSocket(wsUrl(web.url));
  await once(socket, "open");
  socket.close(4321);
  await once(socket, "close");
  await eventually(() => seen.length === 1, "told");
  const broken = new WebSocket(wsUrl(web.url));
  await once(broken, "open");
  broken.terminate();
  await eventually(() => seen.length === 2, "told");
  expect(seen).toEqual([4321, 1006]);
});

test("an app that goes on when its client has closed is ended", async () => {
  await using web = await openWeb(fixture, {
    gateway: { farewellMs: 50 },
    definition: { maxConcurrentInputs: 1 },
    script: webScript(
      async ({ receive, send }) => {
        await receive();
        await send({ case: "websocketAccept", value: {} });
        await send({ case: "websocketSend", value: { content: { case: "text", value: "hi" } } });
        await new Promise(() => undefined);
      },
      { concurrency: 1 },
    ),
  });
  for (let round = 0; round < 2; round++) {
    const socket = new WebSocket(wsUrl(web.url));
    expect(String((await once(socket, "message"))[0])).toBe("hi");
    socket.close();
  }
});

test("a client whose websocket the app does not accept is told 403, and 500 when the app fails", async () => {
  let fails = false;
  await using web = await openWeb(fixture, {
    script: webScript(async ({ send }) => {
      if (fails) throw new UserError("failed");
      await send({ case: "websocketClose", value: { code: 1000 } });
    }),
  });
  expect(await statusOf(web.url)).toBe(403);
  fails = true;
  expect(await statusOf(web.url)).toBe(500);
});

test("a response in place of a websocket is what the client gets: its status says why", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(async ({ respond }) => {
      await respond(401, "Log in first.", [
        ["WWW-Authenticate", "Basic"],
        ["Connection", "keep-alive"],
      ]);
    }),
  });
  const socket = new WebSocket(wsUrl(web.url));
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  expect(response.statusCode).toBe(401);
  expect(response.headers).toMatchObject({ "www-authenticate": "Basic", connection: "close" });
  expect(Buffer.concat(parts).toString()).toBe("Log in first.");
});

test("of a response in place of a websocket whose body has no end the client gets the beginning [B3]", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(async ({ send, receive }) => {
      await send({ case: "httpResponseStart", value: { status: 401, headers: [] } });
      const body = new Uint8Array(40 * 1024);
      for (const _ of [1, 2, 3]) await send({ case: "httpResponseBody", value: { body, moreBody: true } });
      while ((await receive()).case !== "websocketDisconnect");
    }),
  });
  const socket = new WebSocket(wsUrl(web.url));
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  let bytesRead = 0;
  for await (const part of response) bytesRead += (part as Buffer).length;
  expect([response.statusCode, bytesRead]).toEqual([401, 64 * 1024]);
});

test("an app that fails in the middle closes with 1011, one that ends without a word with 1000", async () => {
  let fails = true;
  await using web = await openWeb(fixture, {
    script: webScript(async ({ receive, send }) => {
      await receive();
      await send({ case: "websocketAccept", value: {} });
      if (fails) throw new UserError("failed");
    }),
  });
  for (const expected of [1011, 1000]) {
    const [code] = (await once(new WebSocket(wsUrl(web.url)), "close")) as [number];
    expect(code).toBe(expected);
    fails = false;
  }
});

test("a code that stands for no code is not sent as one", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(async ({ receive, send }) => {
      await receive();
      await send({ case: "websocketAccept", value: {} });
      await send({ case: "websocketClose", value: { code: 1006, reason: "é".repeat(100) } });
    }),
  });
  const [code] = (await once(new WebSocket(wsUrl(web.url)), "close")) as [number];
  expect(code).toBe(1000);
});

test.each([
  ["a line break in a header", ["x-a", "b\r\nset-cookie: c=1"]],
  ["a header without a name", ["", "b"]],
] satisfies [string, string[]][])(
  "a handshake that an app answers with %s ends with 502 [B18]",
  async (_what, headers) => {
    await using web = await openWeb(fixture, {
      script: webScript(async ({ receive, send }) => {
        await receive();
        await send({ case: "websocketAccept", value: { headers: headers.map(bytes) } });
      }),
    });
    const socket = new WebSocket(wsUrl(web.url), ["chat"]).on("error", () => undefined);
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    expect([response.statusCode, response.headers["set-cookie"]]).toEqual([502, undefined]);
    socket.terminate();
  },
);

test.each(["other", "chat\r\nset-cookie: c=1", "chat, chat"])(
  "the protocol %j, which was not offered, is not answered [B18]",
  async (subprotocol) => {
    await using web = await openWeb(fixture, {
      script: webScript(async ({ send }) => {
        await send({ case: "websocketAccept", value: { subprotocol } });
      }),
    });
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": "chat",
      };
      request(web.url, { headers })
        .on("upgrade", (response, socket) => {
          socket.destroy();
          resolve(response);
        })
        .on("error", reject)
        .end();
    });
    expect([
      answer.statusCode,
      answer.headers["sec-websocket-protocol"],
      answer.headers["set-cookie"],
    ]).toEqual([101, undefined, undefined]);
  },
);

test("headers of the handshake itself are not the app's to say", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(async ({ receive, send }) => {
      await receive();
      const flat = ["sec-websocket-accept", "wrong", "connection", "close", "x-a", "b"];
      await send({
        case: "websocketAccept",
        value: { headers: flat.map(bytes) },
      });
    }),
  });
  const socket = new WebSocket(wsUrl(web.url));
  const [response] = (await once(socket, "upgrade")) as [IncomingMessage];
  expect([response.headers["x-a"], response.headers.connection]).toEqual(["b", "Upgrade"]);
  socket.terminate();
});

test("an app that talks nonsense in the middle closes with 1011", async () => {
  await using web = await openWeb(fixture, {
    script: {
      async handle(_args, item, container) {
        const callInfoOneof = { case: "functionCallId" as const, value: item.functionCallId };
        for (const [index, value] of [
          [0x4a, 0x00],
          [0xff, 0xff],
        ].entries()) {
          await container.modal.functionCallPutDataOut({
            callInfoOneof,
            dataChunks: [
              { index: BigInt(index + 1), dataOneof: { case: "data", value: Uint8Array.from(value) } },
            ],
          });
        }
      },
    },
  });
  const [code] = (await once(new WebSocket(wsUrl(web.url)), "close")) as [number];
  expect(code).toBe(1011);
});

test("an app that does not listen makes the sender wait", async () => {
  await using web = await openWeb(fixture, {
    script: {
      async handle(_args, item, container) {
        const callInfoOneof = { case: "functionCallId" as const, value: item.functionCallId };
        const accept = Uint8Array.from([0x4a, 0x00]);
        await container.modal.functionCallPutDataOut({
          callInfoOneof,
          dataChunks: [{ index: 1n, dataOneof: { case: "data", value: accept } }],
        });
        await new Promise(() => undefined);
      },
    },
    gateway: { farewellMs: 50 },
  });
  const socket = new WebSocket(wsUrl(web.url));
  await once(socket, "open");
  let taken = 0;
  const message = Buffer.alloc(1 << 20);
  for (let index = 0; index < 60; index++) socket.send(message, () => taken++);
  let before = -1;
  await eventually(() => {
    const isStill = taken > 0 && taken === before;
    before = taken;
    return isStill;
  }, "it waits");
  expect(socket.bufferedAmount).toBeGreaterThan(10 << 20);
  socket.terminate();
});

test("tiny messages that come faster than they are taken all arrive, in order [B8]", async () => {
  await using web = await openWeb(fixture, { script: webScript(echo) });
  const socket = new WebSocket(wsUrl(web.url), ["chat"]);
  await once(socket, "open");
  const sent = Array.from({ length: 20_000 }, (_, n) => String(n % 10));
  const received: string[] = [];
  socket.on("message", (data) => received.push(String(data)));
  for (const each of sent) socket.send(each);
  socket.send("bye");
  await once(socket, "close");
  expect(received.join("")).toBe(sent.join(""));
});

test("clients whose tiny messages wait for their app are let go when they hold too much together [B8]", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(async ({ send }) => {
      await send({ case: "websocketAccept", value: {} });
      await new Promise(() => undefined);
    }),
    gateway: { unfinished: new UnfinishedMessages({ most: 1024 * 1024 }), farewellMs: 10 },
  });
  const ended = Array.from({ length: 3 }, async () => {
    const socket = new WebSocket(wsUrl(web.url)).on("error", () => undefined);
    await once(socket, "open");
    const flood = setInterval(() => {
      if (socket.bufferedAmount < 1024 * 1024) for (let count = 0; count < 10_000; count++) socket.send("");
    }, 1);
    const [code] = (await once(socket, "close")) as [number];
    clearInterval(flood);
    return code;
  });
  expect([1013, 1006]).toContain(await Promise.race(ended));
  for (const one of await Promise.all(ended)) expect([1013, 1006]).toContain(one);
});

test("clients that begin messages and do not end them are let go when they hold too much together [B8]", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(echo),
    gateway: { unfinished: new UnfinishedMessages({ most: 3 * 1024 * 1024 }), farewellMs: 10 },
  });
  const part = Buffer.alloc(1 << 20);
  const begin = async () => {
    const socket = new WebSocket(wsUrl(web.url), ["chat"]).on("error", () => undefined);
    await once(socket, "open");
    return socket;
  };
  const [first, second] = [await begin(), await begin()];
  // Pings between the parts, and messages that came to their end, are not held.
  for (let count = 0; count < 8; count++) {
    first.ping(Buffer.alloc(100));
    first.send(part);
    await once(first, "message");
  }
  first.send(part, { fin: false });
  first.send(part, { fin: false });
  second.send(part, { fin: false });
  second.send(part, { fin: false });
  const code = await Promise.race(
    [first, second].map(async (each) => (await once(each, "close"))[0] as number),
  );
  expect([1013, 1006]).toContain(code);
  await eventually(
    () => [first, second].filter((each) => each.readyState === WebSocket.OPEN).length <= 1,
    "one has gone",
  );
  const third = await begin();
  third.send("still served");
  expect(String((await once(third, "message"))[0])).toBe("still served");
  for (const each of [first, second, third]) each.terminate();
});

test("a client that pings and reads no answers is let go [B8]", async () => {
  await using web = await openWeb(fixture, { script: webScript(echo), gateway: { farewellMs: 10 } });
  const socket = connect({ host: "127.0.0.1", port: web.port }).on("error", () => undefined);
  socket.write(
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  await once(socket, "data");
  socket.pause();
  const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)]);
  const pings = Buffer.concat(Array.from({ length: 1_000 }, () => ping));
  const flood = setInterval(() => socket.write(pings), 1);
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(flood);
  expect(socket.destroyed).toBe(true);
});

test("a server that stops says so to clients of websockets", async () => {
  await using web = await openWeb(fixture, { script: webScript(echo) });
  const socket = new WebSocket(wsUrl(web.url), ["chat"]);
  await once(socket, "open");
  const closed = once(socket, "close");
  await web.drain();
  expect((await closed)[0]).toBe(1001);
});

test("what asks for another protocol is served as what it is, and half a handshake refused", async () => {
  await using web = await openWeb(fixture, { script: webScript(({ respond }) => respond(200, "plain")) });
  const other = request(web.url, { headers: { Connection: "Upgrade", Upgrade: "h2c" } });
  other.end();
  const [response] = (await once(other, "response")) as [{ statusCode: number }];
  expect(response.statusCode).toBe(200);
  const socket = connect(web.port, "127.0.0.1");
  socket.end("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const [first] = (await once(socket, "data")) as [Buffer];
  expect(String(first)).toMatch(/^HTTP\/1.1 426 /);
});

function wsUrl(url: string): string {
  return url.replace("http", "ws");
}

async function statusOf(url: string): Promise<number> {
  const socket = new WebSocket(wsUrl(url));
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
  return response.statusCode;
}
