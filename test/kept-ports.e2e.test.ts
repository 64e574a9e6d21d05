import { once } from "node:events";
import { mkdir, rename, rm } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { pythonApp } from "@dorian/testkit/chaos/python-app";
import { PythonCaller } from "@dorian/testkit/chaos/python-caller";
import { DorianProcess, isAlive } from "@dorian/testkit/dorian-process";
import { eventually } from "@dorian/testkit/eventually";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { seededData } from "@dorian/testkit/seeded-data";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const typescript = `
import { App, Image } from "dorian";
export const app = new App("kept-ports", { image: Image.debianSlim() });
export const slow = app.function({ name: "slow" }, async (seconds: number) => {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return "slept " + seconds;
});
app.localEntrypoint(async () => {
  console.log("begun");
  console.log(await slow.remote(4));
});
`;

const python = `
import time
import modal
app = modal.App("kept-ports-run")

@app.function(image=modal.Image.debian_slim("3.11"))
def slow(seconds):
    print("in the container", flush=True)
    time.sleep(seconds)
    return f"slept {seconds}"

@app.local_entrypoint()
def main():
    print(slow.remote(4))
`;

const page = `
import os, subprocess
import modal
app = modal.App("kept-ports-page")

@app.function(image=modal.Image.debian_slim("3.11"))
@modal.web_server(8000)
def page():
    os.makedirs("/page")
    with open("/page/index.html", "w") as file:
        file.write("here")
    subprocess.Popen(["python", "-m", "http.server", "8000", "--directory", "/page"])
`;

let data: TemporaryDirectory;
let up: DorianProcess;
let client: ModalClient;
let project: TemporaryDirectory;

beforeAll(async () => {
  data = await seededData([modalVersions.newest]);
  up = await DorianProcess.start({ dataDirectory: data.path });
  client = await ModalClient.open(modalVersions.newest, data.path);
  project = await temporaryDirectory({
    "app.py": pythonApp,
    "run.py": python,
    "page.py": page,
    "app.ts": typescript,
  });
  const deployed = await client.modal(["deploy", "app.py"], { cwd: project.path });
  expect(deployed.code, deployed.stderr).toBe(0);
});

afterAll(async () => {
  await up[Symbol.asyncDispose]();
  expect(await leftoversOf(data.path)).toEqual([]);
  await project[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

/** Resolves when it is dead, with what resolves when the next one has begun. */
async function killServer(): Promise<{ replaced: Promise<unknown> }> {
  const killed = await up.pidOf("server");
  process.kill(killed, "SIGKILL");
  await eventually(
    async () => isAlive(killed),
    (alive) => !alive,
  );
  const replaced = eventually(
    () => up.pidOf("server").catch(() => killed),
    (pid) => pid !== killed,
  );
  replaced.catch(() => undefined);
  return { replaced };
}

test("official clients find a server however often it is killed: calls in flight, new ones, spawned ones, maps and generators", async () => {
  await using caller = await PythonCaller.start(client);
  expect(await caller.do("add", 1, 2)).toBe(3);
  for (let death = 0; death < 2; death += 1) {
    const begun = [caller.do("count", 0, 60), caller.do("map", [1, 2, 3, 4, 5, 6, 7, 8])];
    await delay(700);
    const { replaced } = await killServer();
    const meanwhile = [caller.do("add", 20, 3), caller.do("spawn", 4, 5)];
    await replaced;
    await delay(1_000);
    await killServer();
    expect(await Promise.all(meanwhile)).toEqual([23, 9]);
    expect(await Promise.all(begun)).toEqual([
      Array.from({ length: 60 }, (_, index) => index),
      [1, 4, 9, 16, 25, 36, 49, 64],
    ]);
  }
});

test("`dorian run` and `modal run` go on while the server is killed [L10]", async () => {
  const started = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const runs = [
    dorian(data.path, ["run", "app.ts"], {
      cwd: project.path,
      onOutput: (output) => output.includes("begun") && started[0].resolve(),
    }),
    client.modal(["run", "run.py"], {
      cwd: project.path,
      onOutput: (output) => output.includes("in the container") && started[1].resolve(),
    }),
  ];
  await Promise.race([Promise.all(started.map(({ promise }) => promise)), Promise.any(runs)]);
  for (let death = 0; death < 2; death += 1) {
    await (
      await killServer()
    ).replaced;
    await delay(1_000);
  }
  for (const { code, stdout, stderr } of await Promise.all(runs)) {
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toContain("slept 4");
  }
});

test("a web function keeps its port: who asks while the server is dead waits for the next one", async () => {
  const deployed = await client.modal(["deploy", "page.py"], { cwd: project.path });
  const [url = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(deployed.stdout + deployed.stderr) ?? [];
  expect(await textOf(url)).toBe("here");
  const { replaced } = await killServer();
  expect(await textOf(url)).toBe("here");
  await replaced;
});

test("while no server can start, who connects is refused after a while, and served when one starts", async () => {
  const state = join(data.path, "state.db");
  await rename(state, `${state}.aside`);
  // No database: every server that is started ends.
  await mkdir(state);
  process.kill(await up.pidOf("server"), "SIGKILL");
  expect(await endOfConnection()).toBe("ECONNRESET");
  expect(await endOfConnection()).toBe("ECONNREFUSED");
  // Its log comes by a pipe, maybe after the refusal.
  await eventually(
    async () => up.output,
    (output) => output.includes("clients that connect are refused until it is"),
  );
  await rm(state, { recursive: true });
  await rename(`${state}.aside`, state);
  await eventually(
    () => dorian(data.path, ["app", "list"]),
    ({ code }) => code === 0,
    60_000,
  );
  await using caller = await PythonCaller.start(client);
  expect(await caller.do("add", 1, 2)).toBe(3);
  // From then on its sockets are kept as before.
  const { replaced } = await killServer();
  expect(await caller.do("add", 2, 3)).toBe(5);
  await replaced;
});

/** How a connection ends on which the server is asked for nothing. */
async function endOfConnection(): Promise<string> {
  const { port } = new URL(String(up.ready["url"]));
  const socket = connect({ host: "127.0.0.1", port: Number(port) });
  return await new Promise((resolve) => {
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once("close", () => resolve("closed"));
  });
}

/** On a connection of its own. */
async function textOf(url: string): Promise<string> {
  const [response] = (await once(get(url, { agent: false }), "response")) as [IncomingMessage];
  return await text(response);
}
