import { AppError } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";
import { sendManyOddly } from "@dorian/testkit/odd-requests";
import { once } from "node:events";
import { connect } from "node:net";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { HttpRoute } from "./http-route.ts";
import { HttpServer } from "./http-server.ts";
import { bodyOf } from "./incoming-body.ts";
import { SignedUrls } from "./signed-urls.ts";

async function serving(route: Partial<HttpRoute> = {}) {
  const logged: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line: string) => void logged.push(line) });
  const http = await HttpServer.listen({ host: "127.0.0.1", port: 0, logger });
  onTestFinished(() => http[Symbol.asyncDispose]());
  const urls = new SignedUrls({
    key: Buffer.alloc(32),
    baseUrl: `http://127.0.0.1:${http.port}`,
    nowMs: Date.now,
    credentialOf: () => ({ onEnd: () => () => undefined }),
  });
  const blob = urls.route("GET", "/blobs/", async ({ response, rest }) => void response.end(`blob ${rest}`));
  http.use([{ ...blob, ...route }]);
  return { http, urls, logged };
}

/** The status and text that bytes are answered with. */
async function answered(port: number, bytes: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  let answer = "";
  socket.setEncoding("latin1").on("data", (text) => (answer += String(text)));
  socket.end(bytes);
  await once(socket, "close");
  return answer;
}

const never = new AbortController().signal;

const sign = (urls: SignedUrls, path = "/blobs/bl-1") =>
  urls.sign({ caller: { kind: "client", tokenId: "ak-1" }, method: "GET", path, validMs: 60_000 });

test("a signed address opens what it was signed for, and nothing is opened without", async () => {
  const { urls } = await serving();
  const url = sign(urls);
  expect(await (await fetch(url)).text()).toBe("blob bl-1");
  expect((await fetch(url.replace("bl-1", "bl-2"))).status).toBe(403);
  expect((await fetch(url.replace(/signature=[^&]*/, ""))).status).toBe(403);
});

test("whoever sends a body that is refused halfway, or before it is read, gets to know why [L4]", async () => {
  const full = () =>
    new AppError("STORAGE_FULL", "The disk is full.", { status: "RESOURCE_EXHAUSTED", remedy: "Make room." });
  let readsFirst = false;
  const { urls } = await serving({
    method: "PUT",
    async handle({ incoming }) {
      if (readsFirst)
        for await (const _chunk of bodyOf(incoming, { maxBytes: Infinity, tooLarge: full })) throw full();
      throw full();
    },
  });
  for (readsFirst of [false, true]) {
    for (let turn = 0; turn < 5; turn += 1) {
      const answer = await fetch(sign(urls), { method: "PUT", body: new Uint8Array(8 * 1024 * 1024) });
      expect([answer.status, await answer.text()]).toEqual([507, "The disk is full. Make room.\n"]);
    }
  }
});

test.each([
  "//",
  "http://[",
  "/blobs/../blobs/bl-1",
  "/blobs/%2e%2e/blobs/bl-1",
  "/blobs//bl-1",
  "/blobs/bl-1%",
  "*",
])("%s is answered 400, and the server goes on [B1] [B18]", async (target) => {
  const { http, urls, logged } = await serving();
  expect(await answered(http.port, `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  expect((await fetch(sign(urls))).status).toBe(200);
  expect(logged).toEqual([]);
});

test("a signed address with something said twice is refused [B18]", async () => {
  const { urls } = await serving();
  for (const more of ["expires=9999999999999", "signature=x", "%65xpires=1"]) {
    expect((await fetch(`${sign(urls)}&${more}`)).status).toBe(400);
  }
});

test("a route that fails unexpectedly answers 500 and leaves a line in the log", async () => {
  const { http, logged } = await serving({
    handle: async () => {
      throw new TypeError("no such thing");
    },
  });
  expect((await fetch(`http://127.0.0.1:${http.port}/blobs/x`)).status).toBe(500);
  expect(logged.join("")).toContain("no such thing");
});

test("thousands of odd requests change nothing for others [B1]", async () => {
  const { http, urls, logged } = await serving();
  const storm = sendManyOddly({ host: "127.0.0.1", port: http.port }, { seed: 7, count: 3_000 });
  const isOver = storm.then(() => true);
  const answers = new Set<string>();
  while (!(await Promise.race([isOver, sleep(20, { signal: never })]))) {
    answers.add(await (await fetch(sign(urls))).text());
  }
  expect([...answers]).toEqual(["blob bl-1"]);
  expect(logged).toEqual([]);
}, 120_000);
