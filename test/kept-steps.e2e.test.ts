import { runApp, printing } from "@dorian/testkit/app-run";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: RunningServer<SplitDorian>;

beforeAll(async () => {
  server = await runningServer({
    clients: [modalVersions.newest],
    start: (dataDirectory) => SplitDorian.start({ dataDirectory }),
  });
});

afterAll(() => server[Symbol.asyncDispose]());

/** Each run of these two says something else. */
const first = "head -c 9 /dev/urandom | base64 > /first; echo first is $(cat /first)";
const second = "head -c 9 /dev/urandom | base64 > /second; echo second is $(cat /second)";

const typescript = (last: string) => `
import { readFile } from "node:fs/promises";
import { App, Image } from "dorian";
const image = Image.debianSlim().runCommands(${JSON.stringify(first)}, ${JSON.stringify(second)}, ${JSON.stringify(last)});
export const app = new App("kept-steps", { image });
${printing}
export const read = app.function({ name: "read" }, async () => [await readFile("/first", "utf8"), await readFile("/second", "utf8")]);
app.localEntrypoint(async () => print(await read.remote()));
`;

const doneBefore = (output: string) => output.match(/Done before/g)?.length ?? 0;
const saidBy = (output: string, step: string) => new RegExp(`^${step} is (\\S+)$`, "m").exec(output)?.[1];

test("what a build's steps made is there for the next one when it is interrupted, its server or worker is killed, or a step fails [L17]", async () => {
  const waiting = typescript("echo waiting $((1 + 1)); sleep 600");
  let seen = "";
  const until = (act: (send: (signal: NodeJS.Signals) => void) => void) => {
    seen = "";
    let isActed = false;
    return (text: string, send: (signal: NodeJS.Signals) => void) => {
      seen += text;
      if (isActed || !seen.includes("waiting 2")) return;
      isActed = true;
      act(send);
    };
  };
  const interrupted = await runApp(server.dataDirectory, waiting, {
    onOutput: until((send) => send("SIGINT")),
  });
  expect(interrupted.code).toBe(130);
  const made = saidBy(seen, "first");
  expect(made).toBeDefined();

  let restarted = Promise.resolve();
  const killed = runApp(server.dataDirectory, waiting, {
    onOutput: until((send) => {
      restarted = (async () => {
        await server.processes.server.kill();
        send("SIGKILL");
        await server.processes.startServer();
      })();
    }),
  });
  await killed;
  await restarted;
  expect(doneBefore(seen)).toBe(2);

  let again = "";
  const workerKilled = await runApp(server.dataDirectory, waiting, {
    onOutput: until((send) => {
      void (async () => {
        await server.processes.worker.kill();
        again = seen;
        seen = "";
        await server.processes.startWorker();
        await expect.poll(() => seen.includes("waiting 2"), { timeout: 60_000 }).toBe(true);
        send("SIGINT");
      })();
    }),
  });
  expect(workerKilled.code).toBe(130);
  expect([doneBefore(again), doneBefore(seen)]).toEqual([2, 2]);

  const failed = await runApp(server.dataDirectory, typescript("exit 7"));
  expect(failed.code).not.toBe(0);
  expect(doneBefore(failed.stderr)).toBe(2);

  const whole = await runApp(server.dataDirectory, typescript("cat /first"));
  expect(doneBefore(whole.stderr)).toBe(2);
  expect(whole.printed).toMatchObject([[`${made}\n`, expect.stringMatching(/\S/)]]);
}, 240_000);

test("an official client's builds begin after the steps that an interrupted one has finished, in every stage [L17]", async () => {
  const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  const source = `
import modal, pathlib, os
path = pathlib.Path(__file__).parent / "Dockerfile"
image = modal.Image.from_dockerfile(str(path), add_python=None)
app = modal.App("kept-python-steps")

@app.function(image=image)
def read():
    return open("/copied").read()

@app.local_entrypoint()
def main():
    print("copied", read.remote().strip())
`;
  const dockerfile = (last: string) => `FROM python:3.11-slim AS tools
RUN ${first}
FROM python:3.11-slim
COPY --from=tools /first /copied
RUN ${second}
RUN ${last}
`;
  const run = async (last: string) => {
    await using project = await temporaryDirectory({ "app.py": source, Dockerfile: dockerfile(last) });
    const result = await client.modal(["run", "app.py"], { cwd: project.path });
    return { ...result, output: result.stdout + result.stderr };
  };
  const failed = await run("echo that fails; exit 3");
  expect(failed.code).not.toBe(0);
  const made = saidBy(failed.output, "first");
  expect(made, failed.output).toBeDefined();
  const whole = await run("true");
  expect(doneBefore(whole.output), whole.output).toBe(3);
  expect(whole.output).toContain(`copied ${made}`);
}, 240_000);

test("a build function's files are in its image however often its worker is killed while it returns [L3]", async () => {
  const source = `
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image } from "dorian";
async function download() {
  await writeFile("/model", "weights");
  console.log("written " + (1 + 1));
}
export const app = new App("frozen", { image: Image.debianSlim().runFunction(download) });
${printing}
export const read = app.function({ name: "read" }, async () => await readFile("/model", "utf8"));
app.localEntrypoint(async () => print(await read.remote()));
`;
  let kills = 0;
  let seen = "";
  const run = await runApp(server.dataDirectory, source, {
    onOutput(text) {
      seen += text;
      if (!seen.includes("written 2") || kills === 2) return;
      seen = "";
      kills += 1;
      void (async () => {
        await server.processes.worker.kill();
        await server.processes.startWorker();
      })();
    },
  });
  expect(run.printed, run.stderr).toEqual(["weights"]);
  expect(kills).toBeGreaterThan(0);
}, 240_000);
