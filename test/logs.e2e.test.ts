import { setTimeout as delay } from "node:timers/promises";
import { Function as RemoteFunction } from "dorian";
import { eventually } from "@dorian/testkit/eventually";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { SplitDorian } from "@dorian/testkit/split-dorian";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

/** What a container says last: in all more than any pipe holds. */
const words = 4_000;
const saying = `
const lastWords = (name) => {
  for (let n = 0; n < ${words}; n += 1) console.log(name + " " + n + " " + "x".repeat(250));
  console.error(name + " has said all");
};
`;

const source = `
import { closeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image } from "dorian";
export const app = new App("talkers", { image: Image.debianSlim() });
${saying.replace("(name)", "(name: string)")}

/** Writes each line in three pieces. */
export const count = app.function({ name: "count" }, async (name: string, lines: number, pauseMs: number) => {
  for (let n = 0; n < lines; n += 1) {
    for (const piece of [name, " ", n + "\\n"]) process.stdout.write(piece);
    if (pauseMs > 0) await delay(pauseMs);
  }
  return lines;
});

export const end = app.function({ name: "end", scaledownWindow: 2 }, async () => lastWords("end"));
export const fail = app.function({ name: "fail" }, async () => {
  lastWords("fail");
  throw new Error("that was all");
});
export const quit = app.function({ name: "quit" }, async () => {
  lastWords("quit");
  process.exit(3);
});
export const die = app.function({ name: "die" }, async () => {
  lastWords("die");
  process.kill(process.pid, "SIGKILL");
});
export const leave = app.function({ name: "leave" }, async () => {
  lastWords("leave");
  process.exit(0);
});
export const late = app.function({ name: "late" }, async () => {
  lastWords("late");
  setTimeout(() => { throw new Error("nobody catches this"); }, 1);
  await delay(30_000);
});
export const shut = app.function({ name: "shut" }, async () => {
  lastWords("shut");
  closeSync(1);
  console.log("nobody hears this");
});
app.localEntrypoint(async (which: string) => {
  await { end, fail, quit, die, leave, late, shut }[which]?.remote().catch(() => undefined);
});
`;

let server: RunningServer<SplitDorian>;

beforeAll(async () => {
  server = await runningServer({
    clients: [modalVersions.newest],
    apps: [source],
    start: (dataDirectory) => SplitDorian.start({ dataDirectory }),
  });
});

afterAll(() => server[Symbol.asyncDispose]());

const logOf = async () => (await dorian(server.dataDirectory, ["app", "logs", "talkers"])).stdout;
/** The lines that begin with a name, in order. */
const linesOf = (log: string, name: string) => log.split("\n").filter((line) => line.startsWith(`${name} `));
const shortened = (line: string) => line.replace(/ x{250}$/, "");
/** Where lines are not the numbers from 0 on, in order; undefined when they are. */
function firstWrong(lines: string[], name: string, count: number): string | undefined {
  const wrong = Array.from({ length: count }, (_, n) => n).find((n) => lines[n] !== `${name} ${n}`);
  return wrong === undefined ? undefined : `${lines[wrong]} in the place of ${wrong}, of ${lines.length}`;
}

test("no line is lost, torn, doubled or out of order while the server is killed again and again [L11]", async () => {
  const count = RemoteFunction.fromName<(name: string, lines: number, pauseMs: number) => Promise<number>>(
    "talkers",
    "count",
  );
  const counting = ["a", "b"].map((name) => count.remote(name, 3_000, 2));
  for (let kills = 0; kills < 4; kills += 1) {
    await delay(1_500);
    await server.processes.server.kill();
    await delay(kills * 300);
    await server.processes.startServer();
  }
  await Promise.all(counting);
  for (const name of ["a", "b"]) {
    await eventually(
      async () => linesOf(await logOf(), name).at(-1),
      (last) => last === `${name} 2999`,
    );
    const lines = linesOf(await logOf(), name);
    expect([firstWrong(lines, name, 3_000), lines.length]).toEqual([undefined, 3_000]);
  }
});

test.for(["end", "fail", "quit", "die", "leave", "late", "shut"])(
  "a megabyte of last words before a container's %s is there whole, in what runs it and in the app's log [A3] [L11]",
  async (which) => {
    await using project = await temporaryDirectory({ "app.ts": source });
    const run = await dorian(server.dataDirectory, ["run", "app.ts", which], { cwd: project.path });
    expect(firstWrong(linesOf(run.stdout, which).map(shortened), which, words)).toBeUndefined();
    expect(run.stderr).toContain(`${which} has said all`);
    const called = RemoteFunction.fromName<() => Promise<void>>("talkers", which).remote();
    await called.catch(() => undefined);
    await eventually(
      async () => linesOf(await logOf(), which).length,
      (count) => count >= words,
    );
    const log = await logOf();
    expect(firstWrong(linesOf(log, which).map(shortened), which, words)).toBeUndefined();
  },
);

test("an official client shows Python's lines whole, of two containers at a time, and the last of one that crashes [L11] [A3]", async () => {
  const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  await using project = await temporaryDirectory({
    "app.py": `
import modal, os, sys, time
app = modal.App("python-talkers", image=modal.Image.debian_slim("3.11"))

@app.function(max_containers=2)
def count(name):
    for n in range(400):
        print(name, n, flush=n % 7 == 0)
        time.sleep(0.002)

@app.function()
def crash():
    for n in range(${words}):
        print("crash", n, "x" * 250)
    sys.stdout.write("no end")
    sys.stdout.flush()
    os._exit(3)

@app.local_entrypoint()
def main(which: str):
    if which == "count":
        list(count.map(["one", "two"]))
    else:
        try:
            crash.remote()
        except Exception as error:
            print("failed:", type(error).__name__)
`,
  });
  const run = (which: string) =>
    client.modal(["run", "app.py", "--which", which], { cwd: project.path, env: { PYTHONUNBUFFERED: "1" } });
  const counted = await run("count");
  for (const name of ["one", "two"])
    expect([firstWrong(linesOf(counted.stdout, name), name, 400), counted.code]).toEqual([undefined, 0]);
  const crashed = await run("crash");
  expect(firstWrong(linesOf(crashed.stdout, "crash").map(shortened), "crash", words)).toBeUndefined();
  expect(crashed.stdout).toContain("no end");
});
