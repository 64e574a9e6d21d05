import { hash, randomBytes } from "node:crypto";
import { Agent, request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { AppError } from "@dorian/base/app-error";
import { WebhookAsyncMode } from "@dorian/protocol/modal";
import { sendManyOddly } from "@dorian/testkit/odd-requests";
import { expect, test } from "vitest";
import { dispatchFixture } from "../../test/dispatch-fixture.ts";
import { UserError } from "../../test/scripted-container.ts";
import { eventually } from "../../test/scripted-caller.ts";
import { bytes, readBody, webScript } from "../../test/scripted-web-app.ts";
import { openWeb } from "../../test/web-fixture.ts";

const fixture = dispatchFixture();

test("a request becomes a call of the web function's method, and what the app says its response", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(async (connection) => {
      await readBody(connection);
      await connection.respond(201, `served by ${connection.method}`, [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["connection", "close"],
        ["x-name", "caf\u00e9"],
      ]);
    }),
  });
  const response = await fetch(`${web.url}/some/path?x=1`);
  expect(response.status).toBe(201);
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect(await response.text()).toBe("served by page");
  expect(response.headers.get("connection")).toBe("keep-alive");
});

test("the answer to HEAD has the head alone", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(({ respond }) => respond(200, "the body", [["content-length", "8"]])),
  });
  const response = await fetch(web.url, { method: "HEAD" });
  expect(response.headers.get("content-length")).toBe("8");
  expect(await response.text()).toBe("");
});

test("a small body reaches the app whole, however slowly it comes, and holds up nobody until then", async () => {
  let calls = 0;
  await using web = await openWeb(fixture, {
    script: webScript(async (connection) => {
      calls++;
      const { bytes: body, parts } = await readBody(connection);
      await connection.respond(200, `${body} in ${parts}`);
    }),
  });
  const slow = request(`${web.url}/`, { method: "POST", headers: { "Content-Length": 10 } });
  slow.write("01234");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(calls).toBe(0);
  slow.end("56789");
  expect(await textOf(slow)).toBe("0123456789 in 1");
});

test("a large body reaches the app in parts, byte for byte, with or without its length told before", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(async (connection) => {
      const { bytes: body, parts } = await readBody(connection);
      await connection.respond(200, JSON.stringify({ digest: hash("sha256", body), parts }));
    }),
  });
  const body = randomBytes(9_000_000);
  const stream = () =>
    new ReadableStream({
      start(controller) {
        for (let at = 0; at < body.length; at += 100_000) controller.enqueue(body.subarray(at, at + 100_000));
        controller.close();
      },
    });
  for (const each of [{ body }, { body: stream(), duplex: "half" as const }]) {
    const answer = (await (await fetch(web.url, { method: "POST", ...each })).json()) as Record<
      string,
      unknown
    >;
    expect(answer["digest"]).toBe(hash("sha256", body));
    expect(answer["parts"]).toBeGreaterThan(5);
  }
});

test("an app that does not read makes the sender wait", async () => {
  const go = Promise.withResolvers<void>();
  await using web = await openWeb(fixture, {
    script: {
      async handle() {
        await go.promise;
        throw new UserError("enough");
      },
    },
  });
  const upload = request(`${web.url}/`, { method: "POST" });
  let sent = 0;
  const part = Buffer.alloc(1 << 20);
  const send = () => {
    while (++sent < 100 && upload.write(part));
    if (sent < 100) upload.once("drain", send);
  };
  upload.on("error", () => undefined);
  send();
  let before = -1;
  await eventually(() => {
    const isStill = sent === before;
    before = sent;
    return isStill && sent > 0;
  }, "the sender waits");
  expect(sent).toBeLessThan(30);
  go.resolve();
  upload.destroy();
});

test("each part of a response is sent when the app says it, and the head by itself when nothing follows", async () => {
  const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using web = await openWeb(fixture, {
    script: webScript(async ({ send }) => {
      await send({ case: "httpResponseStart", value: { status: 200, headers: [] } });
      await steps[0]?.promise;
      await send({ case: "httpResponseBody", value: { body: bytes("first"), moreBody: true } });
      await steps[1]?.promise;
      await send({ case: "httpResponseBody", value: { body: bytes("last") } });
    }),
  });
  const response = await fetch(web.url);
  const reader = response.body?.getReader();
  steps[0]?.resolve();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first");
  steps[1]?.resolve();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("last");
  expect((await reader?.read())?.done).toBe(true);
});

test("trailers follow the body", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(async ({ send }) => {
      await send({ case: "httpResponseStart", value: { status: 200, headers: [], trailers: true } });
      await send({ case: "httpResponseBody", value: { body: bytes("body") } });
      const headers = ["x-digest", "1234"].map(bytes);
      await send({ case: "httpResponseTrailers", value: { headers } });
    }),
  });
  const asked = request(web.url);
  asked.end();
  const response = await responseOf(asked);
  expect((await response.toArray()).join("")).toBe("body");
  expect(response.trailers).toEqual({ "x-digest": "1234" });
});

test("a client that waits to be told to go on is told before its body is read", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(async (connection) => {
      const { bytes: body } = await readBody(connection);
      await connection.respond(200, body);
    }),
  });
  const asked = request(web.url, {
    method: "POST",
    headers: { Expect: "100-continue", "Content-Length": 4 },
  });
  asked.once("continue", () => asked.end("body"));
  asked.flushHeaders();
  expect(await textOf(asked)).toBe("body");
});

test("an app learns that its client has gone, and one that does not mind is ended", async () => {
  const seen: string[] = [];
  await using web = await openWeb(fixture, {
    gateway: { farewellMs: 50 },
    script: webScript(async (connection) => {
      await readBody(connection);
      seen.push("begun");
      seen.push(String((await connection.receive()).case));
      await new Promise(() => undefined);
    }),
  });
  const gone = new AbortController();
  const asked = fetch(web.url, { signal: gone.signal });
  await eventually(() => seen.length === 1, "begun");
  gone.abort();
  await expect(asked).rejects.toThrow("aborted");
  await eventually(() => seen.length === 2, "told");
  expect(seen).toEqual(["begun", "httpDisconnect"]);
  web.worker.script = webScript(({ respond }) => respond(200, "next"));
  await eventually(() => web.worker.containers[0]?.inputs.length === 1, "one input");
});

test("a function that fails answers 500 and keeps its reasons to itself", async () => {
  await using web = await openWeb(fixture, {
    script: {
      handle() {
        throw new UserError("the password is hunter2");
      },
    },
  });
  const response = await fetch(web.url);
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("hunter2");
});

test("a function that fails in the middle of a response breaks the connection: nobody takes the part for the whole", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(async ({ send }) => {
      await send({ case: "httpResponseStart", value: { status: 200, headers: [] } });
      await send({ case: "httpResponseBody", value: { body: bytes("part"), moreBody: true } });
      throw new UserError("failed");
    }),
  });
  const response = await fetch(web.url);
  await expect(response.text()).rejects.toThrow("terminated");
});

test("a function that takes longer than its timeout answers 504", async () => {
  await using web = await openWeb(fixture, {
    definition: { timeoutSecs: 1 },
    script: { handle: () => new Promise(() => undefined) },
  });
  expect((await fetch(web.url)).status).toBe(504);
});

test("an app that ends without a response is an error of its own", async () => {
  await using web = await openWeb(fixture, { script: webScript(async () => undefined) });
  const response = await fetch(web.url);
  expect([response.status, await response.text()]).toEqual([500, "The app ended without a response.\n"]);
});

test("what is not served, or was stopped, is not found", async () => {
  await using web = await openWeb(fixture, { script: {} });
  web.target.active = false;
  expect((await fetch(web.url)).status).toBe(404);
  web.target.active = true;
  fixture.catalog.update(web.functionId, { active: false });
  expect((await fetch(web.url)).status).toBe(404);
});

test("a request that finds the queue full is told when to come again", async () => {
  const calls = () => {
    throw new AppError("FUNCTION_QUEUE_FULL", "full", { status: "RESOURCE_EXHAUSTED", remedy: "wait" });
  };
  await using web = await openWeb(fixture, { script: {}, gateway: { calls } });
  const response = await fetch(web.url);
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
});

test("a client whose answer takes long is told to come back, as often as it takes, and then has it [R5]", async () => {
  const done = Promise.withResolvers<void>();
  await using web = await openWeb(fixture, {
    gateway: { redirectAfterMs: 100 },
    script: webScript(async (connection) => {
      await readBody(connection);
      await done.promise;
      await connection.respond(200, "at last");
    }),
  });
  const first = await fetch(`${web.url}/long?x=1`, { method: "POST", body: "work", redirect: "manual" });
  expect(first.status).toBe(303);
  expect(first.headers.get("location")).toMatch(/^\/long\?x=1&__modal_function_call_id=fc-\w{22}$/);
  const result = new URL(first.headers.get("location") ?? "", web.url);
  await expect(fetch(result, { signal: AbortSignal.timeout(30) })).rejects.toThrow("timeout");
  setTimeout(() => done.resolve(), 250);
  const last = await fetch(result);
  expect(last.redirected).toBe(true);
  expect(await last.text()).toBe("at last");
  expect(web.worker.containers[0]?.inputs).toHaveLength(1);
  expect((await fetch(last.url)).status).toBe(404);
});

test.each([
  "//evil.example/x",
  "/\\evil.example/x",
  "///evil.example/x",
  "http://evil.example//evil.example/x",
])("who asks for %s is told to come back here, not elsewhere [B18]", async (target) => {
  await using web = await openWeb(fixture, {
    gateway: { redirectAfterMs: 20 },
    script: webScript(() => new Promise(() => undefined)),
  });
  const answer = await rawAnswer(web.port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 303 /);
  const location = /^location: (.*)$/im.exec(answer)?.[1] ?? "";
  expect(new URL(location, web.url).origin).toBe(new URL(web.url).origin);
  expect(location).toContain("__modal_function_call_id=fc-");
});

test.each([
  ["a line break in a value", 200, [["x-name", "a\r\nset-cookie: b=1"]]],
  ["a line break in a name", 200, [["x\r\nset-cookie", "b=1"]]],
  ["a NUL", 200, [["x-name", "a\0b"]]],
  ["a name that is none", 200, [["x name", "a"]]],
  ["no name", 200, [["", "a"]]],
  [
    "two lengths",
    200,
    [
      ["content-length", "1"],
      ["content-length", "2"],
    ],
  ],
  ["a length that is none", 200, [["content-length", "1, 2"]]],
  ["a status for switching protocols", 101, []],
  ["a status of one digit", 7, []],
  ["a status of four digits", 1000, []],
] satisfies [string, number, [string, string][]][])(
  "an app that answers with %s is answered for with 502, and told [B18]",
  async (_what, status, headers) => {
    await using web = await openWeb(fixture, {
      script: webScript(({ respond }) => respond(status, "x", headers)),
    });
    const response = await fetch(web.url);
    expect([response.status, response.headers.get("set-cookie")]).toEqual([502, null]);
    expect(await response.text()).toContain("The app's answer cannot be sent");
  },
);

test("an app whose messages are none ends its own request alone, also when nobody waits for it [B18]", async () => {
  await using web = await openWeb(fixture, {
    gateway: { redirectAfterMs: 50, keepParkedMs: 1, farewellMs: 1 },
    script: {
      concurrency: 20,
      async handle(_args, item, container) {
        const callInfoOneof = { case: "functionCallId" as const, value: item.functionCallId };
        await new Promise((resolve) => setTimeout(resolve, 100));
        await container.modal.functionCallPutDataOut({
          callInfoOneof,
          dataChunks: [
            { index: 1n, dataOneof: { case: "data", value: Uint8Array.from([0xff, 0xff, 0xff]) } },
          ],
        });
      },
    },
  });
  expect((await fetch(web.url, { redirect: "manual" })).status).toBe(303);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await fetch(web.url, { redirect: "manual" })).status).toBe(303);
});

test("thousands of odd requests change nothing for others [B1]", async () => {
  await using web = await openWeb(fixture, {
    gateway: { farewellMs: 10, redirectAfterMs: 50, keepParkedMs: 10 },
    script: webScript(async ({ receive, respond, send }) => {
      const first = await receive();
      if (first.case === "websocketConnect") await send({ case: "websocketAccept", value: {} });
      else await respond(200, "served");
    }),
  });
  await sendManyOddly({ host: "127.0.0.1", port: web.port }, { seed: 3, count: 3_000 });
  // Calls of peers that have left may still stand before this one.
  await expect.poll(async () => (await fetch(web.url)).text(), { timeout: 30_000 }).toBe("served");
}, 180_000);

test("an answer that nobody comes back for is given up", async () => {
  const seen: string[] = [];
  await using web = await openWeb(fixture, {
    gateway: { redirectAfterMs: 20, keepParkedMs: 20 },
    script: webScript(async (connection) => {
      await readBody(connection);
      seen.push(String((await connection.receive()).case));
    }),
  });
  expect((await fetch(web.url, { redirect: "manual" })).status).toBe(303);
  await eventually(() => seen.length === 1, "given up");
  expect(seen).toEqual(["httpDisconnect"]);
});

test("who is not to wait for the answer has the call's id at once", async () => {
  const seen: string[] = [];
  await using web = await openWeb(fixture, {
    config: { asyncMode: WebhookAsyncMode.TRIGGER },
    script: webScript(async (connection) => {
      seen.push((await readBody(connection)).bytes.toString());
      await connection.respond(200, "nobody reads this");
    }),
  });
  const response = await fetch(web.url, { method: "POST", body: "work" });
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ call_id: expect.stringMatching(/^fc-/) });
  await eventually(() => seen.length === 1, "it ran");
  expect(seen).toEqual(["work"]);
});

test("what wants a proxy token is closed without one, and the app does not see it", async () => {
  let args = "";
  await using web = await openWeb(fixture, {
    config: { requiresProxyAuth: true },
    gateway: {
      tokens: {
        admit: (id, secret, environment) =>
          `${id}.${secret}.${environment}` === "wk-a.ws-b.main"
            ? { onEnd: () => () => undefined }
            : undefined,
      },
    },
    script: webScript(async (connection) => {
      args = Buffer.from(connection.args).toString("latin1");
      await connection.respond(200, "secret");
    }),
  });
  expect((await fetch(web.url)).status).toBe(401);
  expect((await fetch(web.url, { headers: { "Modal-Key": "wk-a", "Modal-Secret": "ws-c" } })).status).toBe(
    401,
  );
  for (const headers of [
    { "Modal-Key": "wk-a", "Modal-Secret": "ws-b", "X-Other": "o" },
    { Authorization: "Bearer wk-a.ws-b", "X-Other": "o" },
  ]) {
    expect(await (await fetch(web.url, { headers })).text()).toBe("secret");
    expect(args).toContain("x-other");
    expect(args).not.toContain("ws-b");
  }
});

test("a hundred requests at once are served, over connections that stay open", async () => {
  await using web = await openWeb(fixture, {
    script: webScript(async (connection) => {
      const { bytes: body } = await readBody(connection);
      await connection.respond(200, body);
    }),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 10 });
  const answers = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const asked = request(web.url, { method: "POST", agent });
      asked.end(String(n));
      return await textOf(asked);
    }),
  );
  expect(answers).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
  agent.destroy();
});

test("a server that stops answers who has asked, and lets nobody else in", async () => {
  const go = Promise.withResolvers<void>();
  await using web = await openWeb(fixture, {
    script: webScript(async ({ respond }) => {
      await go.promise;
      await respond(200, "answered");
    }),
  });
  const asked = fetch(web.url);
  await eventually(() => web.worker.containers[0]?.inputs.length === 1, "running");
  const drained = web.drain();
  await expect(fetch(web.url)).rejects.toThrow("fetch failed");
  go.resolve();
  expect(await (await asked).text()).toBe("answered");
  await drained;
});

test("bytes that are no HTTP, and heads that are too large, are refused without harm", async () => {
  await using web = await openWeb(fixture, { script: webScript(({ respond }) => respond(200, "fine")) });
  expect(await raw(web.port, "hello\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
  expect(await raw(web.port, `GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(70_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 431 /,
  );
  expect(await (await fetch(web.url)).text()).toBe("fine");
});

async function responseOf(asked: ReturnType<typeof request>): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => asked.once("response", resolve).once("error", reject));
}

async function textOf(asked: ReturnType<typeof request>): Promise<string> {
  return (await (await responseOf(asked)).toArray()).join("");
}

async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.end(text);
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

async function rawAnswer(port: number, bytes: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  let answer = "";
  socket.setEncoding("latin1").on("data", (text) => (answer += String(text)));
  socket.write(bytes);
  await new Promise((resolve) => socket.once("close", resolve));
  return answer;
}
