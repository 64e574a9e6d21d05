import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { WebSocket } from "ws";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const timeout = 240_000;
const waiting = { timeout: 60_000, interval: 200 };
const { newest, late2024, early2024 } = modalVersions;

let server: RunningServer;

const serverArguments = ["--web-ports", "0"];

beforeAll(async () => {
  server = await runningServer({ clients: [newest, late2024, early2024], args: serverArguments });
});

afterAll(() => server[Symbol.asyncDispose]());

/** Web functions of all four kinds, and methods, in the manner of the client's time. */
function shop(version: ModalVersion): string {
  const isNew = !version.startsWith("0.");
  const endpoint = isNew ? "modal.fastapi_endpoint" : "modal.web_endpoint";
  const image = isNew ? `.pip_install("fastapi", "flask")` : `.pip_install("flask")`;
  const many = isNew
    ? "@app.function(image=image)\n@modal.concurrent(max_inputs=20)"
    : "@app.function(image=image, allow_concurrent_inputs=20)";
  return `
import modal
app = modal.App("shop") if hasattr(modal, "App") else modal.Stub("shop")
image = modal.Image.debian_slim("3.11")${image}

@app.function(image=image)
@${endpoint}()
def hello(name: str = "world"):
    return {"hello": name}

${many}
@modal.asgi_app()
def site():
    import asyncio
    from fastapi import FastAPI, Request, Response, WebSocket
    from fastapi.responses import StreamingResponse
    web = FastAPI()

    @web.get("/about/{name}")
    async def about(name: str, request: Request):
        return {"name": name, "query": request.url.query, "client": request.client.host}

    @web.post("/size")
    async def size(request: Request):
        return len(await request.body())

    @web.get("/large")
    async def large(size: int):
        return Response(b"x" * size)

    @web.get("/events")
    async def events():
        async def numbers():
            try:
                for number in range(1000):
                    yield f"data: {number}\\n\\n"
                    await asyncio.sleep(0.2)
            finally:
                print("events ended", flush=True)
        return StreamingResponse(numbers(), media_type="text/event-stream")

    @web.get("/broken")
    async def broken():
        raise RuntimeError("broken on purpose")

    @web.websocket("/echo")
    async def echo(socket: WebSocket):
        await socket.accept(subprotocol="chat")
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                print("closed by the client with", message["code"], flush=True)
                return
            if message.get("text") == "bye":
                await socket.close(4001, "see you")
                return
            if message.get("text") is not None:
                await socket.send_text(message["text"].upper())
            else:
                await socket.send_bytes(message["bytes"][::-1])

    return web

@app.function(image=image)
@modal.wsgi_app()
def flask_site():
    from flask import Flask, request
    web = Flask(__name__)

    @web.post("/greet")
    def greet():
        return f"{request.get_json()['name']} at {request.args['at']}"

    return web

@app.function(image=image)
@modal.web_server(8000, startup_timeout=30)
def files():
    import pathlib, subprocess
    pathlib.Path("/srv/a b").mkdir(parents=True)
    pathlib.Path("/srv/a b/c.txt").write_text("a file")
    subprocess.Popen(["python", "-m", "http.server", "8000", "--directory", "/srv"])

@app.cls(image=image)
class Model:
    ${isNew ? 'size: str = modal.parameter(default="small")' : 'size = "small"'}

    @modal.enter()
    def load(self):
        self.weights = 42

    @${endpoint}(method="POST")
    def predict(self, body: dict):
        return {"weights": self.weights, "size": self.size, "of": body["of"]}

    @${endpoint}(${isNew ? "requires_proxy_auth=True" : ""})
    def guarded(self):
        return "guarded"
`;
}

interface Deployed extends AsyncDisposable {
  client: ModalClient;
  project: TemporaryDirectory;
  /** By tag. */
  urls: Record<string, string>;
}

async function deploy(version: ModalVersion, name: string): Promise<Deployed> {
  const client = await ModalClient.open(version, server.dataDirectory);
  const project = await temporaryDirectory({ "shop.py": shop(version), "urls.py": lookUp(version) });
  const { code, stdout, stderr } = await client.modal(["deploy", "--name", name, "shop.py"], {
    cwd: project.path,
  });
  expect(code, stdout + stderr).toBe(0);
  const looked = await client.python(["urls.py", name], { cwd: project.path });
  expect(looked.code, looked.stderr).toBe(0);
  const urls = JSON.parse(looked.stdout) as Record<string, string>;
  for (const url of Object.values(urls)) expect(stdout).toContain(url);
  return { client, project, urls, [Symbol.asyncDispose]: () => project[Symbol.asyncDispose]() };
}

/** Prints the addresses that another program finds. */
function lookUp(version: ModalVersion): string {
  const isNew = !version.startsWith("0.");
  const [lookup, url] = isNew ? ["from_name", "get_web_url()"] : ["lookup", "web_url"];
  return `
import json, modal, sys
names = ["hello", "site", "flask_site", "files"]
urls = {name: modal.Function.${lookup}(sys.argv[1], name).${url} for name in names}
model = modal.Cls.${lookup}(sys.argv[1], "Model")()
print(json.dumps({**urls, "predict": model.predict.${url}, "guarded": model.guarded.${url}}))
`;
}

function post(url: string | undefined, value: unknown): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return fetch(String(url), { method: "POST", headers, body: JSON.stringify(value) });
}

/** A failure comes with what the app's log says of it. */
async function withLog<T>(app: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { stdout } = await dorian(server.dataDirectory, ["app", "logs", app, "--tail", "30"]);
    throw new Error(`${String(cause)}\n${stdout}`, { cause });
  }
}

async function logged(app: string, text: string): Promise<void> {
  await vi.waitFor(async () => {
    const { stdout } = await dorian(server.dataDirectory, ["app", "logs", app]);
    expect(stdout).toContain(text);
  }, waiting);
}

test.each([newest, late2024, early2024])(
  "web functions of all four kinds serve HTTP and websockets, for the client %s",
  { timeout },
  async (version) => {
    const name = `shop-${version.replaceAll(".", "-")}`;
    await using deployed = await deploy(version, name);
    const { urls } = deployed;
    const responses = await Promise.all([
      fetch(`${urls["hello"]}/?name=ada`),
      fetch(`${urls["site"]}/about/a%20b?q=%41`),
      post(`${urls["flask_site"]}/greet?at=noon`, { name: "ada" }),
      fetch(`${urls["files"]}/a%20b/c.txt`),
      post(urls["predict"], { of: "cats" }),
    ]);
    const [hello, about, greeting, file, prediction] = await Promise.all(
      responses.map((each) => each.text()),
    );
    expect(JSON.parse(hello ?? "")).toEqual({ hello: "ada" });
    expect(JSON.parse(about ?? "")).toEqual({
      name: "a b",
      query: "q=%41",
      client: "127.0.0.1",
    });
    expect(greeting).toBe("ada at noon");
    expect(file).toBe("a file");
    expect(JSON.parse(prediction ?? "")).toEqual({ weights: 42, size: "small", of: "cats" });
    expect((await fetch(`${urls["files"]}/none`)).status).toBe(404);

    const body = randomBytes(12_000_000);
    expect(await (await fetch(`${urls["site"]}/size`, { method: "POST", body })).json()).toBe(body.length);
    // Clients send as much as this through blobs.
    const size = 45_000_000;
    const large = await withLog(name, async () =>
      (await fetch(`${urls["site"]}/large?size=${size}`)).bytes(),
    );
    expect(large.length).toBe(size);
    expect(large.every((byte) => byte === 0x78)).toBe(true);
    const broken = await fetch(`${urls["site"]}/broken`);
    expect(broken.status).toBe(500);
    expect(await broken.text()).not.toContain("on purpose");

    const gone = new AbortController();
    const events = await fetch(`${urls["site"]}/events`, { signal: gone.signal });
    const [first] = (await events.body?.getReader().read())?.value ?? [];
    expect(first).toBe("d".charCodeAt(0));
    gone.abort();
    await logged(name, "events ended");

    const socket = new WebSocket(`${urls["site"]?.replace("http", "ws")}/echo`, ["chat"]);
    await once(socket, "open");
    expect(socket.protocol).toBe("chat");
    const messages: string[] = [];
    socket.on("message", (message, isBinary) => messages.push(`${isBinary} ${String(message)}`));
    for (const each of ["one", Buffer.from("two"), "bye"]) socket.send(each);
    const [code, reason] = (await once(socket, "close")) as [number, Buffer];
    expect([code, String(reason), ...messages]).toEqual([4001, "see you", "false ONE", "true owt"]);
    const left = new WebSocket(`${urls["site"]?.replace("http", "ws")}/echo`);
    await once(left, "open");
    left.close(4321);
    await logged(name, "closed by the client with 4321");
  },
);

test("methods take the parameters of their class from the query [P6]", { timeout }, async () => {
  await using deployed = await deploy(newest, "parameters");
  const answer = await post(`${deployed.urls["predict"]}?size=huge`, { of: "dogs" });
  expect(await answer.json()).toEqual({ weights: 42, size: "huge", of: "dogs" });
});

test(
  "what wants a proxy token opens with one made by the client, until it is deleted",
  { timeout },
  async () => {
    await using deployed = await deploy(newest, "guarded");
    const url = deployed.urls["guarded"] ?? "";
    expect((await fetch(url)).status).toBe(401);
    const manage = async (...args: string[]) => {
      const { code, stdout, stderr } = await deployed.client.modal(["workspace", "proxy-tokens", ...args]);
      expect(code, stdout + stderr).toBe(0);
      return stdout;
    };
    const headers = JSON.parse(await manage("create", "--json")) as Record<string, string>;
    const key = headers["Modal-Key"] ?? "";
    const shown = [
      { "Modal-Key": key, "Modal-Secret": headers["Modal-Secret"] ?? "" },
      { Authorization: headers["Authorization"] ?? "" },
    ];
    for (const each of shown) expect(await (await fetch(url, { headers: each })).json()).toBe("guarded");
    await manage("update", key, "name", "visitors");
    expect(await manage("list")).toContain("visitors");
    await manage("revoke", key, "main");
    expect(await manage("list", "--environment", "main")).not.toContain("visitors");
    for (const each of shown) expect((await fetch(url, { headers: each })).status).toBe(401);
    await manage("allow", key, "main");
    for (const each of shown) expect((await fetch(url, { headers: each })).status).toBe(200);
    await manage("delete", key, "--yes");
    for (const each of shown) expect((await fetch(url, { headers: each })).status).toBe(401);
  },
);

const page = (text: string) => `
import modal
app = modal.App("page")
image = modal.Image.debian_slim("3.11").pip_install("fastapi", "flask")
@app.function(image=image, min_containers=1)
@modal.fastapi_endpoint()
def show():
    return "${text}"
`;

/** Asks again and again, until stopped; tells all answers that differ from the one before. */
function keepAsking(url: string): { answers: string[]; stop(): Promise<void> } {
  const answers: string[] = [];
  let isStopped = false;
  const asking = (async () => {
    for (;;) {
      if (isStopped) break;
      const response = await fetch(url);
      const answer = `${response.status} ${await response.text()}`;
      if (answers.at(-1) !== answer) answers.push(answer);
      await delay(50);
    }
  })();
  // Told when it is stopped.
  asking.catch(() => undefined);
  return {
    answers,
    async stop() {
      isStopped = true;
      await asking;
    },
  };
}

test(
  "a new deployment takes over at the same address without losing a request, also after a restart of the server",
  { timeout },
  async () => {
    const client = await ModalClient.open(newest, server.dataDirectory);
    await using project = await temporaryDirectory({ "page.py": page("one") });
    const deployPage = async () => {
      const { code, stdout, stderr } = await client.modal(["deploy", "page.py"], { cwd: project.path });
      expect(code, stderr).toBe(0);
      return /http:\/\/127\.0\.0\.1:\d+/.exec(stdout)?.[0] ?? "";
    };
    const url = await deployPage();
    expect(await (await fetch(url)).json()).toBe("one");
    const asking = keepAsking(url);
    await writeFile(join(project.path, "page.py"), page("two"));
    expect(await deployPage()).toBe(url);
    await vi.waitFor(() => expect(asking.answers.at(-1)).toBe('200 "two"'), waiting);
    await asking.stop();
    expect(asking.answers).toEqual(['200 "one"', '200 "two"']);
    await server.processes.stop();
    server.processes = await DorianProcess.start({
      dataDirectory: server.dataDirectory,
      args: serverArguments,
    });
    expect(await (await fetch(url)).json()).toBe("two");
    const stopped = await dorian(server.dataDirectory, ["app", "stop", "page"]);
    expect(stopped.code, stopped.stderr).toBe(0);
    expect((await fetch(url)).status).toBe(404);
  },
);

test("`modal serve` serves what is saved, at one address", { timeout }, async () => {
  const client = await ModalClient.open(newest, server.dataDirectory);
  await using project = await temporaryDirectory({ "page.py": page("first") });
  let output = "";
  let stop = () => undefined as void;
  const serving = client.modal(["serve", "page.py"], {
    cwd: project.path,
    onOutput: (text, send) => {
      output += text;
      stop = () => send("SIGINT");
    },
  });
  await vi.waitFor(() => expect(output).toContain("Serving"), waiting);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? "";
  expect(await (await fetch(url)).json()).toBe("first");
  await writeFile(join(project.path, "page.py"), page("second"));
  await vi.waitFor(async () => expect(await (await fetch(url)).json()).toBe("second"), waiting);
  stop();
  await serving;
  expect((await fetch(url)).status).toBe(404);
});
