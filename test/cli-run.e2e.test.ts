import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { containersOf } from "@dorian/testkit/containers";
import { leftoversOf } from "@dorian/testkit/leftovers";
import { dorian, type CommandOptions, type CommandResult } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { withTerminal } from "@dorian/testkit/terminal-session";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const source = `
import { setTimeout as delay } from "node:timers/promises";
import { App, currentInput, exit, method, parameter } from "dorian";

export const app = new App("cli-run");

export const train = app.function({ name: "train" }, async (modelId: string, epochs = 1) => ({ modelId, epochs }));
export const count = app.function({ name: "count" }, async function* (to: number) {
  for (let each = 1; each <= to; each += 1) yield each;
});
export const speak = app.function({ name: "speak" }, async () => {
  process.stdout.write("first out\\n");
  process.stderr.write("first err\\n");
  await delay(1500);
  process.stdout.write("second out\\n");
  return "spoken";
});
export const fail = app.function({ name: "fail" }, async () => {
  throw new RangeError("bad weights");
});
export const patient = app.function({ name: "patient" }, async () => {
  console.log("begun");
  await delay(600_000);
});
export const busy = app.function({ name: "busy" }, async () => {
  console.log("begun");
  for (;;);
});

@app.cls()
export class Model {
  @parameter() modelId = "iris-a";
  @parameter() size = 1;
  @method() async inference(input: number[], options: { scale: number } = { scale: 1 }) {
    return { model: [this.modelId, this.size], output: input.map((each) => each * options.scale) };
  }
}

@app.cls()
export class Held {
  @method() async run(exitMs: number) {
    this.exitMs = exitMs;
    console.log("begun");
    const { signal } = currentInput()!;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    console.log("told");
  }
  @method() async quick(exitMs: number) {
    this.exitMs = exitMs;
    return "kept";
  }
  exitMs = 0;
  @exit() async bye() {
    await delay(this.exitMs);
    console.log("exit hook ran");
  }
}

app.localEntrypoint(async (name = "world") => {
  console.log("hello " + name);
  console.log((await train.remote("from-entrypoint")).modelId);
});
`;

let server: RunningServer;
let project: TemporaryDirectory;

beforeAll(async () => {
  server = await runningServer();
  project = await temporaryDirectory({ "app.ts": source });
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function run(args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return dorian(server.dataDirectory, ["run", ...args], { cwd: project.path, ...options });
}

async function json<T>(args: string[]): Promise<T> {
  const result = await dorian(server.dataDirectory, [...args, "--json"]);
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout) as T;
}

/** What runs, or lies about because something ran, apart from what an idle worker holds ready. */
async function traces(): Promise<string[]> {
  const left = (await leftoversOf(server.dataDirectory)).filter((line) =>
    /^(process|scratch) |\/(tasks|builds)\//.test(line),
  );
  const drafts = await readdir(join(server.dataDirectory, "drafts"), { recursive: true });
  return [...left, ...drafts.filter((path) => path.includes("/"))];
}

/** Runs until `sign` is in the output, presses Ctrl-C then, and says how long the rest took. */
async function interrupt(
  args: string[],
  sign: string,
  options: CommandOptions = {},
): Promise<CommandResult & { afterMs: number }> {
  let pressedAt: number | undefined;
  const result = await run(args, {
    ...options,
    onOutput: (text, send) => {
      if (pressedAt !== undefined || !text.includes(sign)) return;
      pressedAt = performance.now();
      send("SIGINT");
    },
  });
  const output = `${result.stdout}\n${result.stderr}`;
  if (pressedAt === undefined) throw new Error(`"${sign}" is not in the output:\n${output}`);
  expect(result.code, output).toBe(130);
  return { ...result, afterMs: performance.now() - pressedAt };
}

describe("running", () => {
  test("an app's local entrypoint gets its arguments, and its output is all there is on stdout [R1]", async () => {
    const result = await run(["app.ts", "--name", "moon"]);
    expect(result.stdout).toBe("hello moon\nfrom-entrypoint\n");
    expect(result.stderr).toContain("✓ Initialized app cli-run");
    expect(result.stderr).toContain("├── 🔨 Created");
    expect(result.stderr).toContain("└── 🔨 Created");
    expect(result.stderr.trimEnd().split("\n").at(-1)).toBe("✓ App completed.");
    expect(result.code).toBe(0);
    expect((await run(["app.ts"])).stdout).toBe("hello world\nfrom-entrypoint\n");
  });

  test("a function gets arguments by name in kebab and camel case, and in order [R1]", async () => {
    const results = await Promise.all([
      run(["app.ts::train", "--modelId", "x"]),
      run(["app.ts::train", "--model-id", "x", "--epochs", "3"]),
      run(["app.ts::train", "x", "4"]),
    ]);
    expect(results.map(({ stdout }) => JSON.parse(stdout) as unknown)).toEqual([
      { modelId: "x", epochs: 1 },
      { modelId: "x", epochs: 3 },
      { modelId: "x", epochs: 4 },
    ]);
    expect((await run(["app.ts::count", "--to", "3"])).stdout).toBe("1\n2\n3\n");
  });

  test("a method gets its class's parameters and JSON arguments [P1]", async () => {
    const args = ["--modelId", "iris-b", "--size", "7", "--input", "[5.5, 3]", "--options", '{"scale": 2}'];
    const { stdout } = await run(["app.ts::Model.inference", ...args]);
    expect(JSON.parse(stdout)).toEqual({ model: ["iris-b", 7], output: [11, 6] });
  });

  test("an entrypoint gets what was typed as its defaults tell, and nothing is rounded, overwritten or taken for another [A11]", async () => {
    const typed = `
import { App } from "dorian";
export const app = new App("cli-typed");
app.function({ name: "unused" }, async () => 1);
app.localEntrypoint(({ tag = "latest", count = 3, on = false, big = 0n } = {}, ...rest: unknown[]) =>
  console.log(tag, typeof tag, count, on, big, JSON.stringify(rest)));
`;
    const plain = `
import { App } from "dorian";
export const app = new App("cli-plain");
export const tell = app.function({ name: "tell" }, async (id: unknown, ...rest: unknown[]) => [id, typeof id, rest]);
`;
    await using apps = await temporaryDirectory({ "typed.ts": typed, "plain.ts": plain });
    const say = async (...args: string[]) => {
      const { code, stdout, stderr } = await run(args, { cwd: apps.path });
      return code === 0 ? stdout.trim() : `${code}: ${stderr.trim()}`;
    };
    expect(
      await say("typed.ts", "--tag", "1.10", "--count=-5", "--on", "--big", "12345678901234567890"),
    ).toBe("1.10 string -5 true 12345678901234567890n []");
    expect(await say("typed.ts", "--tag=a=b", "--no-on", "x", "--", "--all", "-l")).toBe(
      'a=b string 3 false 0n ["x","--all","-l"]',
    );
    expect(await say("plain.ts::tell", "12345678901234567890", "--", "--all")).toBe(
      '["12345678901234567890","string",["--all"]]',
    );
    for (const [args, message] of [
      [["--count", "abc"], '--count takes a number, not "abc".'],
      [["--count", "9007199254740993"], "more than a number of JavaScript holds"],
      [["--tag", "a", "--tag", "b"], "--tag is given twice."],
      [["--cuont", "1"], "did you mean --count?"],
      [["-l"], 'no option "-l"'],
    ] as const) {
      const said = await say("typed.ts", ...args);
      expect(said).toContain(message);
      expect(said).toMatch(/^2: /);
    }
    expect(await say("typed.ts", "--help")).toMatch(
      /--tag <string>\s+default: "latest"\n\s+--count <number>\s+default: 3/,
    );
  });

  test("common slips are named with their remedy, before a container runs or instead of a trace of Node's [A24]", async () => {
    const app = (body: string) =>
      `import { App, method, parameter } from "dorian";\nexport const app = new App("slips");\n${body}`;
    const slow = `const slow = app.function({ name: "slow" }, async (n: number) => { await new Promise((r) => setTimeout(r, n)); return n; });
const fail = app.function({ name: "fail" }, async () => { throw new Error("failed in it"); });`;
    await using apps = await temporaryDirectory({
      "unawaited.ts": app(
        `${slow}\napp.localEntrypoint(() => { slow.remote(60_000); slow.map([1]); console.log("end"); });`,
      ),
      "rejected.ts": app(
        `${slow}\napp.localEntrypoint(async () => { fail.remote(); await slow.remote(60_000); });`,
      ),
      "timer.ts": app(
        `${slow}\napp.localEntrypoint(async () => { setTimeout(() => { throw new TypeError("in a timer"); }, 10); await slow.remote(60_000); });`,
      ),
      "private.ts": app(
        `@app.cls() export class Model { @parameter() size = 3; constructor(private x: number) {} @method() go() { return this.x; } }`,
      ),
      "required.cjs": `const { App } = require("dorian");
const app = new App("required");
const one = app.function({ name: "one" }, async () => 1);
app.localEntrypoint(async () => console.log(await one.remote()));`,
      "missing.ts": app(
        `import leftPad from "left-pad";\napp.function({ name: "pad" }, async (text = "x") => leftPad(text, 9));`,
      ),
      "faults.ts": app(`app.function({ name: "a", cpu: -2, timeout: -1, retries: 99 }, async () => 1);`),
    });
    const say = async (file: string) => {
      const { code, stdout, stderr } = await run([file], { cwd: apps.path });
      return `${code}: ${stdout}${stderr}`;
    };
    const unawaited = await say("unawaited.ts");
    expect(unawaited).toMatch(/^0: end\n/);
    expect(unawaited).toContain("Warning: slow.remote(…) had not ended when the local entrypoint did");
    expect(unawaited).toContain("Warning: slow.map(…) was never read, so nothing of it ran");
    expect(await say("rejected.ts")).toMatch(
      /^3: [^]*Error in the container: Error: failed in it\n    at rejected\.ts:4/,
    );
    expect(await say("timer.ts")).toMatch(
      /^1: [^]*Error in your code: TypeError: in a timer\n    at [^\n]*timer\.ts/,
    );
    expect(await say("private.ts")).toMatch(
      /^1: [^]*constructor of class Model takes an argument \(x\)[^]*@parameter\(\)/,
    );
    expect(await say("required.cjs")).toMatch(/^0: 1\n/);
    const missing = await say("missing.ts");
    expect(missing).toContain(
      'missing.ts imports "left-pad", which is neither installed here nor in the image of pad.',
    );
    expect(missing).toContain('.npmInstall("left-pad")');
    const faults = await say("faults.ts");
    for (const fault of ["cpu: -2.", "timeout: -1.", "retries: 99."]) expect(faults).toContain(fault);
  });

  test("output of user code arrives while it runs, each stream on its own, without control codes [R3]", async () => {
    const seen: Record<string, number> = {};
    const result = await run(["app.ts::speak"], {
      env: { NO_COLOR: "", FORCE_COLOR: "" },
      onOutput: (text) => {
        for (const line of text.split("\n")) seen[line] ??= performance.now();
      },
    });
    expect(result.stdout).toBe("first out\nsecond out\nspoken\n");
    expect(result.stderr).toContain("first err\n");
    expect((seen["second out"] ?? 0) - (seen["first out"] ?? 0)).toBeGreaterThan(1000);
    expect(result.stdout + result.stderr).not.toContain("\u001B");
  });

  test("a terminal gets a status line while a function runs, and a tidy screen after it", async () => {
    await withTerminal(
      server.dataDirectory,
      ["run", "app.ts::speak"],
      async (session) => {
        await session.see("first out");
        await session.see("Running");
        await session.see("second out");
        await session.see("spoken");
        await session.see("App completed.");
        expect(await session.ended).toBe(0);
        expect(session.screen).toContain("\u001B[");
        expect(session.screen.lastIndexOf("\u001B[?25h")).toBeGreaterThan(
          session.screen.lastIndexOf("\u001B[?25l"),
        );
      },
      { cwd: project.path },
    );
  });
});

describe("bars in bytes", () => {
  const weights = randomBytes(24 * 1024 * 1024);
  const app = `
import { App, Image } from "dorian";
const draws = 'for each in 1 2 3; do printf "\\\\rdrawn $each of 3"; sleep 0.7; done; echo';
const image = Image.debianSlim().runCommands(draws).addLocalFile("weights.bin", "/weights.bin");
export const app = new App("bars", { image });
export const work = app.function({ name: "work" }, async () => "worked");
`;

  test("show how far an app's files, and build steps that draw over their lines, are", async () => {
    await using local = await temporaryDirectory({ "app.ts": app, "weights.bin": weights });
    const screen = await withTerminal(
      server.dataDirectory,
      ["run", "app.ts::work"],
      async (session) => {
        expect(await session.ended).toBe(0);
        return session.screen;
      },
      { cwd: local.path },
    );
    expect(screen).toMatch(/Uploading 1 file \(24 MiB\)/);
    expect(screen).toMatch(/weights\.bin \S*[━─]\S* +\d+% {2}\S+ \S+ of 24 MiB/);
    for (const drawn of ["drawn 1 of 3", "drawn 2 of 3"]) expect(screen).toContain(drawn);
    await using other = await temporaryDirectory({
      "app.ts": app.replace("drawn", "told"),
      "weights.bin": randomBytes(1024),
    });
    const piped = await run(["app.ts::work"], { cwd: other.path });
    expect(piped.stderr).toContain("told 3 of 3");
    for (const drawn of ["told 1 of 3", "━", "\u001B"]) expect(piped.stderr).not.toContain(drawn);
    const quiet = await run(["--quiet", "app.ts::work"], { cwd: other.path });
    expect(quiet).toEqual({ code: 0, stdout: "worked\n", stderr: "" });
  });

  test("fit on one line of a narrow terminal, and are words where lines stay", async () => {
    await using local = await temporaryDirectory({ "weights.bin": weights });
    const options = { cwd: local.path, size: { rows: 10, columns: 45 } };
    const onScreen = (args: string[]) =>
      withTerminal(
        server.dataDirectory,
        ["volume", ...args],
        async (session) => {
          expect(await session.ended).toBe(0);
          return session.screen;
        },
        options,
      );
    const volume = (...args: string[]) =>
      dorian(server.dataDirectory, ["volume", ...args], { cwd: local.path });
    expect((await volume("create", "bars")).code).toBe(0);
    // Rate and time left have no room.
    const bar = /weights\.bin \S*[━─]\S* +\d+% {2}\S+ \S+ of 24 MiB(?! {2})/;
    expect(await onScreen(["put", "bars", "weights.bin"])).toMatch(bar);
    expect(await onScreen(["get", "bars", "weights.bin", "copy"])).toMatch(bar);
    const piped = await volume("put", "bars", "weights.bin", "again");
    expect(piped.stderr).toMatch(/^Reading 1 file \(24 MiB\) …\nUploading 1 file \(24 MiB\) …\n✓ Uploaded/);
    expect(await volume("get", "--quiet", "bars", "again", "other")).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });
});

describe("exit codes", () => {
  test("user code that fails ends with 3 and its error, what Dorian refuses with 1, a wrong command line with 2", async () => {
    const [failed, missing, unknown, wrong] = await Promise.all([
      run(["app.ts::fail"]),
      run(["nowhere.ts"]),
      run(["app.ts::nothing"]),
      run(["app.ts::train"]),
    ]);
    expect([failed.code, missing.code, unknown.code, wrong.code]).toEqual([3, 1, 2, 2]);
    expect(failed.stderr).toContain("Error in the container: RangeError: bad weights\n");
    expect(failed.stderr).toMatch(/app\.ts:19:9/);
    expect(wrong.stderr).toContain("Error: train needs --model-id.");
    for (const { stderr } of [missing, unknown, wrong])
      expect(stderr).toMatch(/^Error: .+\n {2}Why: .+\n {2}Fix: .+\n$/);
  });

  test("errors in the code that runs here end with 1 and the user's own stack", async () => {
    await using local = await temporaryDirectory({
      "throws.ts": `import { App } from "dorian";\nexport const app = new App("x");\nthrow new TypeError("at import");\n`,
      "syntax.ts": `import { App } from "dorian";\nexport const app = new App("x";\n`,
    });
    const throws = await run(["throws.ts"], { cwd: local.path });
    expect([throws.code, throws.stderr]).toEqual([
      1,
      expect.stringMatching(/TypeError: at import\n.*throws\.ts:3/) as string,
    ]);
    const syntax = await run(["syntax.ts"], { cwd: local.path });
    expect([syntax.code, syntax.stderr]).toEqual([1, expect.stringContaining("syntax.ts:2") as string]);
  });
});

describe("Ctrl-C", () => {
  test.each(["patient", "busy"])(
    "stops a function that does not listen (%s) within seconds, and leaves nothing behind",
    async (name) => {
      const result = await interrupt([`app.ts::${name}`], "begun");
      expect(result.stderr).toContain("Stopping the app and its containers");
      // Of ten minutes, or for ever.
      expect(result.afterMs).toBeLessThan(20_000);
      expect(await containersOf(server.dataDirectory)).toEqual([]);
      expect(await traces()).toEqual([]);
      expect(await json(["container", "list"])).toEqual([]);
      expect(await json(["app", "list"])).toEqual([]);
    },
  );

  test("tells a function that listens, and runs exit hooks for as long as they take [G2]", async () => {
    const result = await interrupt(["app.ts::Held.run", "--exit-ms", "4000"], "begun");
    expect(result.stdout).toBe("begun\ntold\nexit hook ran\n");
    expect(result.afterMs).toBeGreaterThan(4_000);
    expect(await traces()).toEqual([]);
  });

  test("pressed again leaves at once, and the server does the rest", async () => {
    const result = await run(["app.ts::Held.run", "--exit-ms", "10000"], {
      onOutput: (text, send) => {
        if (text.includes("begun")) send("SIGINT");
        if (!text.includes("Stopping the app")) return;
        setTimeout(() => send("SIGINT"), 500);
      },
    });
    expect(result.code).toBe(130);
    // Its exit hook takes longer.
    expect(await containersOf(server.dataDirectory)).toHaveLength(1);
    await vi.waitFor(async () => expect(await traces()).toEqual([]), { timeout: 30_000, interval: 200 });
  });

  test("while containers end finds the result on screen", async () => {
    const result = await run(["app.ts::Held.quick", "--exit-ms", "10000"], {
      onOutput: (text, send) => {
        if (!text.includes("kept")) return;
        send("SIGINT");
        setTimeout(() => send("SIGINT"), 500);
      },
    });
    expect([result.code, result.stdout]).toEqual([130, "kept\n"]);
    // Its exit hook takes longer.
    expect(await containersOf(server.dataDirectory)).toHaveLength(1);
    await vi.waitFor(async () => expect(await traces()).toEqual([]), { timeout: 30_000, interval: 200 });
  });

  test("during an image build ends the build, of which nothing is kept", async () => {
    await using building = await temporaryDirectory({
      "app.ts": `
import { App, Image } from "dorian";
const image = Image.debianSlim().runCommands("echo building-$((20+22)); echo half > /half; sleep 300");
export const app = new App("cli-build", { image });
export const work = app.function({ name: "work" }, async () => 1);
`,
    });
    const layersBefore = await json<{ imageId: string }[]>(["image", "list"]);
    const result = await interrupt(["app.ts"], "building-42", { cwd: building.path });
    // Of five minutes.
    expect(result.afterMs).toBeLessThan(20_000);
    await vi.waitFor(async () => expect(await traces()).toEqual([]), { timeout: 20_000, interval: 100 });
    const images = await json<{ imageId: string; description: string; state: string }[]>(["image", "list"]);
    expect(images.filter(({ state }) => state === "ready").length).toBe(layersBefore.length);
    expect(images.filter(({ description }) => description.includes("building"))).toMatchObject([
      { state: "failed", bytes: 0 },
    ]);
    expect(await json(["app", "list"])).toEqual([]);
  });
});

test("a detached run goes on when its terminal leaves, can be found, read and stopped", async () => {
  const result = await interrupt(["--detach", "app.ts::patient"], "begun");
  const appId = /dorian app logs (ap-\S+) -f, dorian app stop/.exec(result.stderr)?.[1] ?? "";
  expect(await json(["app", "list"])).toMatchObject([
    { appId, name: "cli-run", state: "running (detached)", tasks: 1, stoppedAt: null },
  ]);
  expect((await dorian(server.dataDirectory, ["app", "logs", appId])).stdout).toBe("begun\n");
  expect(await containersOf(server.dataDirectory)).toHaveLength(1);
  const stopped = await dorian(server.dataDirectory, ["app", "stop", appId]);
  expect([stopped.code, stopped.stderr]).toEqual([
    0,
    expect.stringContaining(`✓ Stopped app ${appId}`) as string,
  ]);
  expect(await traces()).toEqual([]);
  expect(await json(["app", "list"])).toEqual([]);
  const all = await dorian(server.dataDirectory, ["app", "list", "--all"]);
  expect(all.stdout).toMatch(new RegExp(`${appId} +cli-run +stopped`));
});
