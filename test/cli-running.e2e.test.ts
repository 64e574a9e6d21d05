import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Function as RemoteFunction } from "dorian";
import { eventually } from "@dorian/testkit/eventually";
import { dorian, type CommandOptions, type CommandResult } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { withTerminal } from "@dorian/testkit/terminal-session";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const source = `
import { App } from "dorian";
export const app = new App("running");
export const say = app.function({ name: "say" }, async (word: string) => {
  console.log("said " + word);
  console.error("muttered " + word);
});
export const fail = app.function({ name: "fail", retries: { maxRetries: 1, initialDelay: 0 } }, async () => {
  throw new Error("out of tune");
});
export const parent = app.function({ name: "parent" }, async () => (await fail.spawn()).functionCallId);
export const wait = app.function({ name: "wait" }, async () => {
  await new Promise((resolve) => setTimeout(resolve, 600_000));
});
export const where = app.function({ name: "where" }, async () => process.env.MODAL_TASK_ID);
export const sing = app.function({ name: "sing" }, async (word: string) => console.log("sang " + word));
`;

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer({ apps: [source] });
});

afterAll(() => server[Symbol.asyncDispose]());

function cli(args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return dorian(server.dataDirectory, args, options);
}

const remote = <Target extends (...args: never[]) => Promise<unknown>>(name: string) =>
  RemoteFunction.fromName<Target>("running", name);

describe("versions", () => {
  const source_ = (word: string) => `
import { App } from "dorian";
export const app = new App("versions");
export const which = app.function({ name: "which", minContainers: 1 }, async () => ["${word}", process.env.MODAL_TASK_ID]);
`;
  const which = RemoteFunction.fromName<() => Promise<[string, string]>>("versions", "which");
  const history = async () =>
    JSON.parse((await cli(["app", "history", "versions", "--json"])).stdout) as Record<string, unknown>[];
  const isNow = (wanted: string) =>
    eventually(
      () => which.remote(),
      ([word]) => word === wanted,
    );

  test("of an app are listed with tag and commit, gone back to and rolled over", async () => {
    await using project = await temporaryDirectory({ "app.ts": source_("one") });
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=a@b.c", ...args], { cwd: project.path });
    git("init", "--quiet", "--initial-branch", "trunk");
    git("add", ".");
    git("commit", "--quiet", "-m", "One");
    const deploy = (...args: string[]) => cli(["deploy", "app.ts", ...args], { cwd: project.path });
    expect((await deploy("--tag", "first")).code).toBe(0);
    await writeFile(join(project.path, "app.ts"), source_("two"));
    expect((await deploy()).code).toBe(0);
    await isNow("two");
    const [second, first] = await history();
    const [newest, older] = [second?.["version"] as number, first?.["version"] as number];
    expect(second).toMatchObject({ state: "running", how: "deploy", tag: "", commit: { dirty: true } });
    expect(first).toMatchObject({
      state: "kept",
      tag: "first",
      client: "dorian",
      commit: { branch: "trunk", dirty: false, author: "Ada", hash: expect.stringMatching(/^[0-9a-f]{40}$/) },
    });
    const back = await cli(["app", "rollback", "versions", `v${older}`]);
    expect([back.code, back.stdout]).toEqual([0, ""]);
    expect(back.stderr).toContain(`as version ${newest + 1}.`);
    const [, before] = await isNow("one");
    const over = await cli(["app", "rollover", "versions", "--json"]);
    expect(JSON.parse(over.stdout)).toMatchObject({ version: newest + 2 });
    await eventually(
      () => which.remote(),
      ([word, container]) => word === "one" && container !== before,
    );
    const table = (await cli(["app", "history", "versions"])).stdout;
    expect(table).toMatch(/Version +State +Deployed +By +How +Client +Tag +Commit/);
    expect(table).toMatch(new RegExp(`${newest + 2} +running .* rollover\\n`));
    expect(table).toMatch(new RegExp(`${newest + 1} +kept .* rollback to ${older}\\n`));
  });

  test("that there are not cannot be gone back to", async () => {
    const { code, stderr } = await cli(["app", "rollback", "running", "99"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /(^|\n)Error: There is no version 99 of this app\.\n.*APP_VERSION_NOT_FOUND.*\n.*app history/,
    );
  });
});

describe("logs", () => {
  const say = remote<(word: string) => Promise<void>>("say");
  const sing = remote<(word: string) => Promise<void>>("sing");
  const logs = async (...args: string[]) => (await cli(["app", "logs", "running", ...args])).stdout;

  interface Line {
    timestamp: string;
    source: string;
    function: string;
    container: string;
    call: string;
    text: string;
  }
  const linesOf = async (...args: string[]) =>
    (await logs("--json", ...args))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);

  let tries = 0;

  test("are shown as far as one asks: of a function, a call, a container, a source, with a text, the last, since when", async () => {
    const try_ = `try${++tries}`;
    const call = await say.spawn(`one ${try_}`);
    await call.get();
    await Promise.all([say.remote(`two ${try_}`), sing.remote(`three ${try_}`)]);
    const all = await eventually(
      () => linesOf("--search", try_),
      (lines) => lines.length === 5,
    );
    const one = all.find(({ text }) => text === `said one ${try_}`);
    const since = one?.timestamp ?? "";
    expect(one).toMatchObject({ source: "stdout", function: "say", call: call.functionCallId });
    const texts = async (...args: string[]) =>
      (await linesOf(...args)).map(({ text }) => text.replace(` ${try_}`, ""));
    expect(await texts("--function", "sing", "--source", "stdout", "--since", since)).toEqual(["sang three"]);
    expect((await texts("--call", call.functionCallId)).toSorted()).toEqual(["muttered one", "said one"]);
    expect(await texts("--container", one?.container ?? "", "--source", "stderr")).toContain("muttered one");
    expect(await texts("--search", `muttered two ${try_}`)).toEqual(["muttered two"]);
    expect(await texts("--source", "stdout", "--tail", "1", "--function", "say")).toEqual(["said two"]);
    expect(await texts("--until", "1h")).toEqual([]);
    expect(await texts("--since", "1h", "--search", `said one ${try_}`)).toEqual(["said one"]);
  });

  test("have the time of each line before it with --timestamps, and a container's log takes the same options", async () => {
    await sing.remote("times");
    const [line] = await eventually(
      () => linesOf("--search", "sang times", "--tail", "1"),
      (found) => found.length === 1,
    );
    const shown = ["--tail", "1", "--search", "sang times"];
    expect(await logs("--timestamps", ...shown)).toBe(`${line?.timestamp} sang times\n`);
    const ofContainer = await cli(["container", "logs", line?.container ?? "", ...shown]);
    expect([ofContainer.code, ofContainer.stdout]).toEqual([0, "sang times\n"]);
  });

  test("--follow goes on from the last lines until Ctrl-C", async () => {
    await sing.remote("before");
    await eventually(
      () => linesOf("--search", "sang before"),
      (found) => found.length > 0,
    );
    let called = false;
    const followed = await cli(["app", "logs", "running", "-f", "--tail", "1", "--source", "stdout"], {
      onOutput: (text, send) => {
        if (!called) void sing.remote("the end");
        called = true;
        if (text.includes("sang the end")) send("SIGINT");
      },
    });
    expect(followed.code).toBe(130);
    expect(followed.stdout).toMatch(/^(said|sang) .+\nsang the end\n$/);
  });

  test("of a function that there is not: what, why, and which there are", async () => {
    const { code, stderr } = await cli(["app", "logs", "running", "--function", "sy"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^Error: The app ap-\w+ has no function or class "sy"\.\n.*FUNCTION_NOT_FOUND.*\n.*say/,
    );
  });
});

describe("calls", () => {
  interface Call {
    callId: string;
    function: string;
    state: string;
    unfinished: number;
  }
  const list = async (...args: string[]) =>
    JSON.parse((await cli(["call", "list", "--app", "running", "--json", ...args])).stdout) as Call[];

  test("are listed, shown with their attempts, their error, what made them and where their time went", async () => {
    const failed = await remote<() => Promise<string>>("parent").remote();
    const shown = await eventually(
      async () => JSON.parse((await cli(["call", "show", failed, "--json"])).stdout) as Call,
      ({ state }) => state === "failed",
    );
    expect(shown).toMatchObject({
      function: "fail",
      parents: [{ function: "parent" }],
      inputsShown: [
        { state: "failed", attempts: 2, retries: 1, error: expect.stringContaining("out of tune") },
      ],
    });
    const found = await list("--function", "fail", "--status", "failed", "--since", "1h", "--limit", "5");
    expect(found.map(({ callId }) => callId)).toContain(failed);
    expect(new Set(found.map((call) => call.function))).toEqual(new Set(["fail"]));
    const text = (await cli(["call", "show", failed])).stdout;
    expect(text).toMatch(/State +failed\n/);
    expect(text).toMatch(/Attempts +2 \(1 after errors\)\n/);
    expect(text).toMatch(/Made by +parent \(fc-\w+\)\n/);
    expect(text).toMatch(/\nrunning +[\d.]+ m?s /);
    expect((await cli(["call", "list"])).stdout).toMatch(
      /^Call +App +Function +State +Inputs +Created +Took\n/,
    );
  });

  test("are cancelled while they run, and told of when they are over", async () => {
    const { functionCallId } = await remote<() => Promise<void>>("wait").spawn();
    await eventually(
      () => list("--status", "running"),
      (calls) => calls.some(({ callId }) => callId === functionCallId),
    );
    const cancelled = await cli(["call", "cancel", functionCallId, "--terminate-containers"]);
    expect([cancelled.code, cancelled.stderr]).toEqual([
      0,
      `✓ Cancelled call ${functionCallId} (1 input).\n`,
    ]);
    const [call] = await eventually(
      async () => (await list("--status", "cancelled")).filter(({ callId }) => callId === functionCallId),
      (calls) => calls.length === 1,
    );
    expect(call).toMatchObject({ state: "cancelled", unfinished: 0 });
    const again = await cli(["call", "cancel", functionCallId]);
    expect([again.code, again.stderr]).toEqual([0, `✓ Call ${functionCallId} was over already.\n`]);
  });

  test("that there are not are no calls", async () => {
    const { code, stderr } = await cli(["call", "show", "fc-nothing"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: .*fc-nothing.*\n {2}Why: .*FUNCTION_CALL_NOT_FOUND.*\n {2}Fix: .+\n$/);
  });
});

test("a container's timeline tells where its time went, while it lives and after its end", async () => {
  const say = await remote<(word: string) => Promise<void>>("say").spawn("time");
  await say.get();
  const shown = JSON.parse((await cli(["call", "show", say.functionCallId, "--json"])).stdout) as {
    inputsShown: { container: string }[];
  };
  const container = shown.inputsShown[0]?.container ?? "";
  interface Timeline {
    state: string;
    inputs: number;
    phases: { name: string; startedAt: string; endedAt: string | null; seconds: number }[];
  }
  const timeline = async () =>
    JSON.parse((await cli(["container", "timeline", container, "--json"])).stdout) as Timeline;
  const living = await timeline();
  const start = ["queue", "place", "image", "mount", "boot", "import", "enter", "first call"];
  expect(living.phases.map(({ name }) => name)).toEqual([...start, "serve"]);
  expect(living.phases.at(-1)?.endedAt).toBeNull();
  expect(living.inputs).toBeGreaterThan(0);
  await cli(["container", "stop", container]);
  const ended = await eventually(timeline, ({ state }) => state === "done");
  expect(ended.phases.map(({ name }) => name)).toEqual([...start, "serve", "exit"]);
  for (const [index, { startedAt }] of ended.phases.entries())
    if (index > 0) expect(startedAt).toBe(ended.phases[index - 1]?.endedAt);
  const text = (await cli(["container", "timeline", container])).stdout;
  expect(text).toMatch(/Function +say\nState +done\n/);
  expect(text).toMatch(/\nboot +[\d.]+ m?s +[█▏]/);
  expect(text).toMatch(/\nexit +[\d.]+ m?s +[█▏]/);
});

test("run --watch runs again when a file changes, gives up a run that goes on, waits for mistakes to be mended, and ends with Ctrl-C", async () => {
  const app = (body: string) => `
import { App } from "dorian";
export const app = new App("watched");
export const work = app.function({ name: "work" }, async () => { ${body} });
`;
  await using project = await temporaryDirectory({ "app.ts": app(`return "one";`) });
  const write = (text: string) => void writeFile(join(project.path, "app.ts"), text);
  const script: { sign: RegExp; then: (send: (signal: NodeJS.Signals) => void) => void }[] = [
    {
      sign: /one\n[^]*Waiting for a change/,
      then: () => write(app(`console.log("begun"); await new Promise(() => undefined);`)),
    },
    { sign: /begun/, then: () => write(app(`return "broken;`)) },
    {
      sign: /Waiting for a change[^]*Waiting for a change/,
      then: () => write(app(`throw new Error("not yet");`)),
    },
    { sign: /Error in the container:[^]*not yet[^]*Waiting for/, then: () => write(app(`return "four";`)) },
    { sign: /four\n[^]*Waiting for/, then: (send) => send("SIGINT") },
  ];
  let output = "";
  const result = await cli(["run", "--watch", "app.ts::work"], {
    cwd: project.path,
    onOutput: (text, send) => {
      output += text;
      const next = script[0];
      if (!next?.sign.test(output)) return;
      script.shift();
      next.then(send);
    },
  });
  expect(script, output).toEqual([]);
  expect(result.code, output).toBe(0);
  expect(result.stdout.split("\n").filter((line) => line !== "begun")).toEqual(["one", "four", ""]);
  expect(result.stderr).toMatch(/─ Run 1 ─/);
  expect(result.stderr).toMatch(/─ Run 2: app\.ts changed ─/);
  expect(result.stderr).not.toContain("Files of the app have changed");
  const apps = JSON.parse((await cli(["app", "list", "--json"])).stdout) as { name: string }[];
  expect(apps.map(({ name }) => name)).not.toContain("watched");
});

describe("shell", () => {
  const app = `
import { App, Image, Secret, Volume } from "dorian";
export const app = new App("shelled", { image: Image.debianSlim() });
const volume = Volume.fromName("shelled-vol", { createIfMissing: true });
export const look = app.function(
  { name: "look", minContainers: 1, volumes: { "/vol": volume }, secrets: [Secret.fromObject({ WORD: "from a secret" })] },
  async () => 1,
);
export const huge = app.function({ name: "huge", gpu: "H100" }, async () => 1);
`;
  const shellsLeft = async () =>
    (JSON.parse((await cli(["container", "list", "--json"])).stdout) as { app: string }[]).filter((row) =>
      ["shell", "shelled"].includes(row.app),
    );

  test("in a container like a function's has its files, secrets and volumes, passes on its exit code, and leaves nothing running", async () => {
    await using project = await temporaryDirectory({ "app.ts": app });
    const shell = await cli(["shell", "app.ts::look"], {
      cwd: project.path,
      input: "echo $WORD; ls /root; echo kept > /vol/kept; exit 7\n",
    });
    expect([shell.code, shell.stdout.split("\n")[0]], shell.stderr).toEqual([7, "from a secret"]);
    expect(shell.stdout).toMatch(/\napp\.\w+\n/);
    expect(shell.stderr).toMatch(/This is container ta-\w+ of app\.ts::look\./);
    expect((await cli(["volume", "get", "shelled-vol", "kept", "-"])).stdout).toBe("kept\n");
    await eventually(shellsLeft, (left) => left.length === 0);
  });

  test("at a terminal has one of the same size, in which Ctrl-C is a key, also of a deployed function and in a running container", async () => {
    const inSession = async (place: string) =>
      await withTerminal(
        server.dataDirectory,
        ["shell", place],
        async (session) => {
          await session.see("# ");
          session.type("stty size; echo $MODAL_TASK_ID\n");
          await session.see("33 111");
          session.resize({ rows: 44, columns: 122 });
          session.type("sleep 0.5; stty size\n");
          await session.see("44 122");
          session.type("sleep 300\n");
          await session.see("sleep 300");
          session.type("\u0003");
          await session.see("# ");
          session.type("exit 5\n");
          expect(await session.ended).toBe(5);
        },
        { size: { rows: 33, columns: 111 } },
      );
    await inSession("running::say");
    await inSession(await remote<() => Promise<string>>("where").remote());
  });

  test("--cmd runs something else, --image chooses an image", async () => {
    const images = JSON.parse((await cli(["image", "list", "--json"])).stdout) as {
      imageId: string;
      state: string;
    }[];
    const ready = images.find(({ state }) => state === "ready");
    const echo = await cli(["shell", "--image", ready?.imageId ?? "", "--cmd", "echo here; exit 3"]);
    expect([echo.code, echo.stdout], echo.stderr).toEqual([3, "here\n"]);
  });

  test("that waits for room ends with Ctrl-C, and its container with it", async () => {
    await using project = await temporaryDirectory({ "app.ts": app });
    const waiting = await cli(["shell", "app.ts::huge"], {
      cwd: project.path,
      onOutput: (text, send) => {
        if (text.includes("Queued")) send("SIGINT");
      },
    });
    expect(waiting.code, waiting.stderr).toBe(130);
    await eventually(shellsLeft, (left) => left.length === 0);
  });

  test("of a function that there is not: what, why, and which there are", async () => {
    const { code, stderr } = await cli(["shell", "running::sy"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /(^|\n)Error: .* no function or class "sy"\.\n.*FUNCTION_NOT_FOUND.*\n {2}Fix: Did you mean say\?/,
    );
  });
});
