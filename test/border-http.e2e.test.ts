import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "@dorian/testkit/dorian-process";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { sendManyOddly } from "@dorian/testkit/odd-requests";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Answers what it was asked; sets headers as it is told, also such as no server should send. */
const app = `
import modal
app = modal.App("border-web")

@app.function(image=modal.Image.debian_slim("3.11"), min_containers=1)
@modal.concurrent(max_inputs=20)
@modal.asgi_app()
def page():
    async def web(scope, receive, send):
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept", "headers": [(b"x-a", b"b\\r\\nset-cookie: c=1")]})
        elif scope["path"] == "/split":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"b\\r\\nset-cookie: c=1")]})
            await send({"type": "http.response.body", "body": b"split"})
        elif scope["path"] in ("/long", "/short"):
            length = b"3" if scope["path"] == "/long" else b"10"
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
            for body in (b"12", b"345", b""):
                await send({"type": "http.response.body", "body": body, "more_body": body != b""})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": scope["path"].encode()})
    return web
`;

let server: RunningServer;
let serverPid: number;
let files: Address;
let web: Address;
/** The page of a request for a token: what anybody may ask the HTTP port for. */
let page: string;

interface Address {
  host: string;
  port: number;
}

beforeAll(async () => {
  server = await runningServer({ clients: [modalVersions.newest], args: ["--web-ports", "0"] });
  const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  await using project = await temporaryDirectory({ "app.py": app });
  const { code, stdout, stderr } = await client.modal(["deploy", "app.py"], { cwd: project.path });
  expect(code, stderr).toBe(0);
  web = addressOf(/http:\/\/127\.0\.0\.1:\d+/.exec(stdout)?.[0] ?? "");
  page = (await server.client.modal.tokenFlowCreate({})).webUrl;
  files = addressOf(page);
  serverPid = await server.processes.pidOf("server");
});

afterAll(() => server[Symbol.asyncDispose]());

function addressOf(url: string): Address {
  return { host: "127.0.0.1", port: Number(new URL(url).port) };
}

function dial(address: Address): Socket {
  return connect(address).on("error", () => undefined);
}

/** Sends bytes, and reads until the connection is closed. */
async function talk(address: Address, bytes: string): Promise<string> {
  const socket = dial(address);
  let answer = "";
  socket.setEncoding("latin1").on("data", (text) => (answer += String(text)));
  socket.write(bytes);
  await new Promise((resolve) => socket.once("close", resolve));
  return answer;
}

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

async function everybodyIsServed(): Promise<void> {
  expect(await (await fetch(page)).text()).toContain("dorian token approve");
  expect(await (await fetch(`http://127.0.0.1:${web.port}/still/here`)).text()).toBe("/still/here");
  expect([isAlive(serverPid), await server.processes.pidOf("server")]).toEqual([true, serverPid]);
}

test("an address that is none is answered 400 on the HTTP port, and the server goes on [B1]", async () => {
  for (const target of ["//", "http://[", "/%", "/blobs/%00", "*", "x:443", "/a\\b", "//[/x"]) {
    expect([target, (await talk(files, get(target))).slice(0, 12)]).toEqual([target, "HTTP/1.1 400"]);
  }
  await talk(web, get("//"));
  await talk(web, get("http://["));
  await everybodyIsServed();
});

test("thousands of odd requests to every port leave everybody served, by the same process [B1]", async () => {
  let asked = 0;
  const storm = Promise.all([
    sendManyOddly(files, { seed: 20_261_129, count: 2_000 }),
    sendManyOddly(web, { seed: 20_261_130, count: 2_000 }),
  ]);
  const isOver = storm.then(() => true);
  while (!(await Promise.race([isOver, delay(100, false)]))) {
    expect((await fetch(page)).status).toBe(200);
    asked++;
  }
  expect(asked).toBeGreaterThan(2);
  await everybodyIsServed();
  expect(server.processes.output).not.toMatch(/unforeseen|failed unexpectedly|Unhandled|uncaught/i);
});

test("paths that lead past the filter of signed addresses, and addresses that say things twice, are refused [B18]", async () => {
  for (const target of [
    `/blobs/..${new URL(page).pathname}`,
    `/blobs/%2e%2e${new URL(page).pathname}`,
    `/blobs/..%2f${new URL(page).pathname.slice(1)}`,
    "/layers/ly-1?path=a&path=b&start=0&end=1&expires=9&signature=x",
  ]) {
    expect([target, (await talk(files, get(target))).slice(0, 12)]).toEqual([target, "HTTP/1.1 400"]);
  }
  await everybodyIsServed();
});

test("what an app answers cannot become a header of its own making [B18]", async () => {
  const split = await talk(web, get("/split"));
  expect(split).toMatch(/^HTTP\/1\.1 502 /);
  expect(split).not.toMatch(/set-cookie/i);
  const handshake = await talk(
    web,
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  expect(handshake).toMatch(/^HTTP\/1\.1 502 /);
  expect(handshake).not.toMatch(/set-cookie/i);
  await everybodyIsServed();
});

test("an answer that is longer or shorter than it says ends its connection, and the app's log has it [A2]", async () => {
  for (const [path, arrives] of [
    ["/long", "123"],
    ["/short", "12345"],
  ] as const) {
    // The second request waits behind the first on one connection.
    const answer = await talk(web, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n${get("/next")}`);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(answer.slice(answer.indexOf("\r\n\r\n") + 4)).toBe(arrives);
  }
  const logs = async () => (await dorian(server.dataDirectory, ["app", "logs", "border-web"])).stderr;
  await expect.poll(logs, { timeout: 30_000 }).toContain("a content-length of 3, and more bytes of a body");
  await everybodyIsServed();
});

test("silent connections, heads that never end and handshakes that stop are closed, on every port, while others are served [B8]", async () => {
  const ports = [files, web, addressOf(String(server.processes.ready["url"]))];
  const silent = ports.flatMap((address) => Array.from({ length: 400 }, () => dial(address)));
  const slow = [files, web].flatMap((address) => Array.from({ length: 100 }, () => dial(address)));
  for (const socket of slow) socket.write("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
  const dripping = setInterval(() => {
    for (const socket of slow) socket.write("y");
  }, 1_000);
  const closed = [...silent, ...slow].map(
    (socket) => new Promise<void>((resolve) => socket.resume().once("close", () => resolve())),
  );
  await delay(1_000);
  await everybodyIsServed();
  expect(await Promise.all(closed)).toHaveLength(1_400);
  clearInterval(dripping);
  await everybodyIsServed();
});
