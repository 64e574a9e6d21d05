import { create, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  ClassParameterInfo_ParameterSerializationFormat as ParameterFormat,
  ClassParameterSetSchema,
  DataFormat,
  Function_FunctionType as FunctionType,
  GenericResult_GenericStatus as Status,
  ParameterType,
} from "@dorian/protocol/modal";
import { decodeValue } from "@dorian/protocol/value/payload";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleGuest } from "./bundle/bundle-guest.ts";
import { guestFiles } from "./bundle/guest-file.ts";
import { ScriptedContainer, type ScriptedContainerOptions } from "../test/scripted-container.ts";

let cacheDirectory: string;
let guest: string;

beforeAll(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), "guest-bundle-"));
  guest = join(await bundleGuest({ cacheDirectory }), guestFiles.module);
});

afterAll(() => rm(cacheDirectory, { recursive: true }));

const start = (options: Omit<ScriptedContainerOptions, "guest">) =>
  ScriptedContainer.start({ guest, ...options });

/** An app with one function, whose body is given. */
const functionApp = (body: string, more = "", options = "") => ({
  tag: "work",
  files: {
    "app.ts": `import { App, Volume, currentInput } from "dorian";\nconst app = new App("demo");\n${more}\nexport const work = app.function({ name: "work" ${options} }, ${body});\n`,
  },
});

const writable = { volumeId: "vo-1", mountPath: "/vol", allowBackgroundCommits: true };

test("a function is called with its arguments, and its value goes back [R3]", async () => {
  await using container = await start(
    functionApp(`async (numbers: number[], options: { by: number; at: Date; bytes: Uint8Array }) => {
      console.log("working");
      return { sum: numbers.map((n) => n * options.by), at: options.at, bytes: options.bytes, none: undefined };
    }`),
  );
  const at = new Date("2026-01-02T03:04:05Z");
  const input = container.send([[1, 2, 3], { by: 2, at, bytes: new Uint8Array([1, 2]) }]);
  expect(await container.value(input)).toMatchObject({ sum: [2, 4, 6], at, bytes: new Uint8Array([1, 2]) });
  const output = await container.output(input);
  expect(output).toMatchObject({ functionCallId: "fc-1", retryCount: 0, dataFormat: DataFormat.CBOR });
  expect(output.outputCreatedAt).toBeGreaterThanOrEqual(output.inputStartedAt);
  container.killSwitch();
  expect(await container.exited).toBe(0);
  expect(container.stdout).toBe("working\n");
  expect(container.stderr).toBe("");
  expect(container.events).toEqual(["hello", "import", "enter", "ready", "output in-1", "serve"]);
});

test("a class gets its parameters, its hooks run in order and once, and inputs wait for them [F1 F2 F3 F5 F6 G2 P1 P2 P4 H1]", async () => {
  await using container = await start({
    tag: "Model",
    serializedParams: toBinary(
      ClassParameterSetSchema,
      create(ClassParameterSetSchema, {
        parameters: [
          {
            name: "modelId",
            type: ParameterType.PARAM_TYPE_STRING,
            valueOneof: { case: "stringValue", value: "b" },
          },
          { name: "size", type: ParameterType.PARAM_TYPE_INT, valueOneof: { case: "intValue", value: 7n } },
        ],
      }),
    ),
    definition: {
      functionName: "Model.*",
      isClass: true,
      classParameterInfo: {
        format: ParameterFormat.PARAM_SERIALIZATION_FORMAT_PROTO,
        schema: [
          {
            name: "modelId",
            type: ParameterType.PARAM_TYPE_STRING,
            hasDefault: true,
            defaultOneof: { case: "stringDefault", value: "a" },
          },
          {
            name: "fast",
            type: ParameterType.PARAM_TYPE_BOOL,
            hasDefault: true,
            defaultOneof: { case: "boolDefault", value: true },
          },
        ],
      },
      volumeMounts: [
        writable,
        { ...writable, volumeId: "vo-2", readOnly: true },
        { volumeId: "vo-3", mountPath: "/x" },
      ],
    },
    files: {
      "app.ts": `
        import { App, build, enter, exit, method, parameter } from "dorian";
        const app = new App("demo");
        class Base {
          log: string[] = [];
          @enter() baseEnter() { this.log.push("base"); }
          @exit() baseExit() { console.log("base exit"); }
        }
        @app.cls()
        export class Model extends Base {
          @parameter() modelId = "a";
          @parameter() size = 1;
          @parameter() fast = false;
          fromConstructor = this.modelId + "!";
          @enter() async first() { await new Promise((r) => setTimeout(r, 50)); this.log.push("first"); }
          @build() @enter() second() { this.log.push("second"); }
          @method() describe(suffix: string) {
            this.log.push("call");
            return [this.modelId, this.size, this.fast, this.fromConstructor, this.log.join(), suffix];
          }
          @method() async other() { return this.log.length; }
          hidden() { return "secret"; }
          @exit() async close() { await Promise.resolve(); console.log("exit after " + this.log.join()); }
        }`,
    },
  });
  const early = container.send(["x"], { methodName: "describe" });
  expect(await container.value(early)).toEqual(["b", 7, true, "b!", "base,first,second,call", "x"]);
  expect(await container.value(container.send([], { methodName: "other" }))).toBe(4);
  const hidden = await container.output(container.send([], { methodName: "hidden" }));
  expect(hidden.result?.exception).toContain(`Class "Model" has no method "hidden" to call.`);
  container.killSwitch();
  expect(await container.exited).toBe(0);
  expect(container.stdout).toBe("base exit\nexit after base,first,second,call\n");
  expect(container.events).toEqual([
    "hello",
    "import",
    "enter",
    "ready",
    "output in-1",
    "output in-2",
    "output in-3",
    "serve",
    "commit vo-1",
  ]);
});

test("an error goes back with name, message, cause, properties and a stack in the user's source [R3 P11]", async () => {
  await using container = await start({
    tag: "Model",
    definition: { isClass: true },
    files: {
      "app.ts": `import { App, method } from "dorian";
import { load } from "./lib/load.ts";
interface Padding { lines: string }
const app = new App("demo");
@app.cls()
export class Model {
  @method()
  async run(id: string): Promise<void> {
    await Promise.resolve();
    load(id);
  }
}
`,
      "lib/load.ts": `class UnknownModel extends Error {
  override name = "UnknownModel";
  code = 404;
  details = { known: ["a", "b"] };
  callback = () => 1;
}

export function load(id: string): void {
  try {
    JSON.parse("{");
  } catch (cause) {
    throw new UnknownModel(\`no model \${id}\`, { cause });
  }
}
`,
    },
  });
  const { result } = await container.output(container.send(["c"], { methodName: "run" }));
  expect(result).toMatchObject({ status: Status.FAILURE, exception: "UnknownModel: no model c" });
  const error = result?.remoteError;
  expect(error).toMatchObject({ name: "UnknownModel", message: "no model c" });
  expect(error?.cause?.name).toBe("SyntaxError");
  expect(decodeValue(error?.properties ?? new Uint8Array())).toEqual({
    code: 404,
    details: { known: ["a", "b"] },
  });
  expect(error?.stack.split("\n")).toEqual([
    "UnknownModel: no model c",
    "    at load (lib/load.ts:12:11)",
    "    at Model.run (app.ts:10:5)",
  ]);
  expect(result?.traceback).toContain("Caused by: SyntaxError");
  expect(container.stderr).toContain("    at load (lib/load.ts:12:11)");
});

test("what is thrown without being an error, and what cannot be sent back, are clear failures", async () => {
  await using container = await start(
    functionApp(`async (what: string): Promise<unknown> => {
      if (what === "text") throw "just text";
      if (what === "nothing") throw undefined;
      if (what === "hostile") throw Object.defineProperty(new Error("x"), "message", { get() { throw new Error("no"); } });
      if (what === "cycle") { const a: Record<string, unknown> = {}; a.self = a; return a; }
      if (what === "function") return { call: () => 1 };
      return new Uint8Array(65 * 1024 * 1024);
    }`),
  );
  const exception = async (what: string) =>
    (await container.output(container.send([what]))).result?.exception ?? "";
  expect(await exception("text")).toContain("just text");
  expect(await exception("nothing")).toContain("undefined");
  expect(await exception("hostile")).toContain("Error");
  expect(await exception("cycle")).toContain("refers back to itself");
  expect(await exception("function")).toContain(".call is a function");
  expect(await exception("large")).toContain("The result has 65 MiB, the limit is 64 MiB.");
  expect(await exception("large")).toContain("Volume");
});

test("a generator's values arrive in order, counted from 1, and the output says how many [R3]", async () => {
  await using container = await start({
    ...functionApp(`async function* (count: number) { for (let i = 0; i < count; i += 1) yield { i }; }`),
    definition: { functionType: FunctionType.GENERATOR },
  });
  const input = container.send([2_000]);
  expect(await container.value(input)).toBe(2_000);
  const chunks = container.chunks.flat();
  expect(chunks.map((chunk) => chunk.index)).toEqual(Array.from({ length: 2_000 }, (_, i) => BigInt(i + 1)));
  expect(chunks.map((chunk) => decodeValue(chunk.dataOneof.value as Uint8Array))).toEqual(
    Array.from({ length: 2_000 }, (_, i) => ({ i })),
  );
  expect(container.chunks.length).toBeLessThan(200);
  expect((await container.output(input)).dataFormat).toBe(DataFormat.GENERATOR_DONE);
});

test("a generator that is ahead of the server waits, and one that throws has delivered what it yielded before", async () => {
  const release = Promise.withResolvers<void>();
  let received = 0;
  await using container = await start({
    ...functionApp(`function* (megabytes: number) {
      for (let i = 1; i <= megabytes; i += 1) { console.log("made " + i); yield new Uint8Array(1024 * 1024); }
      throw new TypeError("out of data");
    }`),
    definition: { functionType: FunctionType.GENERATOR },
    handlers: {
      functionCallPutDataOut: async (request) => {
        await release.promise;
        received += request.dataChunks.length;
        return {};
      },
    },
  });
  const input = container.send([40]);
  await container.until(() => container.stdout.includes("made 16"));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(container.stdout).not.toContain("made 18");
  release.resolve();
  expect((await container.output(input)).result?.exception).toBe("TypeError: out of data");
  expect(received).toBe(40);
});

test("as many inputs run at once as the function allows, with one request per free slot", async () => {
  await using container = await start({
    ...functionApp(
      `async (name: string) => { const released = new Promise<void>((r) => process.once("SIGUSR2", () => r())); console.log("begin " + name); await released; return currentInput()?.inputId; }`,
    ),
    definition: { maxConcurrentInputs: 3 },
  });
  await container.until(() => container.polls === 3);
  const inputs = ["a", "b", "c", "d"].map((name) => container.send([name]));
  await container.until(() => container.stdout.includes("begin c"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(container.stdout).not.toContain("begin d");
  expect(container.polls).toBe(0);
  container.signal("SIGUSR2");
  expect(await Promise.all(inputs.slice(0, 3).map((id) => container.value(id)))).toEqual([
    "in-1",
    "in-2",
    "in-3",
  ]);
  await container.until(() => container.stdout.includes("begin d"));
  container.signal("SIGUSR2");
  expect(await container.value(inputs[3] as string)).toBe("in-4");
});

test("a cancelled input is answered as terminated at once, its code is told, and others go on", async () => {
  await using container = await start({
    ...functionApp(`async (name: string) => {
      const released = new Promise<void>((resolve) => {
        process.once("SIGUSR2", () => resolve());
        currentInput()?.signal.addEventListener("abort", () => { console.log(name + " told: " + currentInput()?.signal.reason.name); resolve(); });
      });
      console.log("begin " + name);
      await released;
      await new Promise((r) => setTimeout(r, 300));
      return name + " done";
    }`),
    definition: { maxConcurrentInputs: 2 },
  });
  const [first, second] = [container.send(["a"]), container.send(["b"])];
  await container.until(() => container.stdout.includes("begin a") && container.stdout.includes("begin b"));
  container.cancel(first);
  const { result } = await container.output(first);
  expect(result?.status).toBe(Status.TERMINATED);
  await container.until(() => container.stdout.includes("a told: InputCancelled"));
  container.signal("SIGUSR2");
  expect(await container.value(second)).toBe("b done");
  expect(container.outputs.filter((output) => output.inputId === first)).toHaveLength(1);
});

test("SIGINT to a quiet container runs exit hooks, which further signals do not disturb, then commits [G2 G4 M2]", async () => {
  await using container = await start({
    tag: "Model",
    definition: { isClass: true, volumeMounts: [writable] },
    files: {
      "app.ts": `
        import { App, exit, method } from "dorian";
        const app = new App("demo");
        @app.cls() export class Model {
          @method() run() {}
          @exit() async close() {
            console.log("closing");
            await new Promise((r) => setTimeout(r, 500));
            console.log("closed");
          }
        }`,
    },
  });
  await container.until(() => container.polls === 1);
  container.signal("SIGINT");
  await container.until(() => container.stdout.includes("closing"));
  container.signal("SIGINT");
  container.signal("SIGTERM");
  expect(await container.exited).toBe(0);
  expect(container.stdout).toBe("closing\nclosed\n");
  expect(container.events.at(-1)).toBe("commit vo-1");
});

test("SIGINT tells running inputs: one that finishes is answered, one that gives up is left for another container", async () => {
  await using container = await start({
    ...functionApp(`async (name: string) => {
      console.log("begin " + name);
      const { signal } = currentInput()!;
      await new Promise<void>((resolve, reject) => signal.addEventListener("abort", () => (name === "finish" ? setTimeout(resolve, 200) : reject(signal.reason))));
      return "finished";
    }`),
    definition: { maxConcurrentInputs: 2 },
  });
  const [finish, giveUp] = [container.send(["finish"]), container.send(["give up"])];
  await container.until(
    () => container.stdout.includes("begin finish") && container.stdout.includes("begin give up"),
  );
  container.signal("SIGINT");
  expect(await container.value(finish)).toBe("finished");
  expect(await container.exited).toBe(0);
  expect(container.outputs.map((output) => output.inputId)).not.toContain(giveUp);
});

test("SIGINT does not wait for long for inputs that were cancelled and do not listen, and exit hooks still run", async () => {
  await using container = await start({
    tag: "Model",
    definition: { isClass: true },
    files: {
      "app.ts": `
        import { App, exit, method } from "dorian";
        const app = new App("demo");
        @app.cls() export class Model {
          @method() async run() { console.log("begin"); await new Promise((r) => setTimeout(r, 60_000)); }
          @exit() close() { console.log("closed"); }
        }`,
    },
  });
  const input = container.send([], { methodName: "run" });
  await container.until(() => container.stdout.includes("begin"));
  const startedAtMs = performance.now();
  container.signal("SIGINT");
  container.cancel(input);
  await container.until(() => container.events.includes("serve"));
  expect(await container.exited).toBe(0);
  // Of a minute.
  expect(performance.now() - startedAtMs).toBeLessThan(40_000);
  expect(container.stdout).toBe("begin\nclosed\n");
  expect((await container.output(input)).result?.status).toBe(Status.TERMINATED);
});

test("SIGINT during the start ends the container without a task result", async () => {
  await using container = await start(
    functionApp(
      `async () => 1`,
      `console.log("importing"); await new Promise((r) => setTimeout(r, 60_000));`,
    ),
  );
  await container.until(() => container.stdout.includes("importing"));
  container.signal("SIGINT");
  expect(await container.exited).toBe(130);
  expect(container.taskResult).toBeUndefined();
});

test("a build method runs alone, on an instance made without arguments, and volumes are committed before it is done [C9 C13 D4]", async () => {
  const app = {
    "app.ts": `
      import { App, build, enter, exit, method, parameter } from "dorian";
      const app = new App("demo");
      @app.cls() export class Model {
        @parameter() modelId = "default";
        @enter() setup() { console.log("enter"); }
        @build() async download() { console.log("build " + this.modelId); }
        @build() async fail() { throw new Error("hub is down"); }
        @method() run() {}
        @exit() close() { console.log("exit"); }
      }`,
  };
  const definition = { isBuilderFunction: true, isMethod: true, volumeMounts: [writable] };
  await using good = await start({
    tag: "Model",
    files: app,
    definition: { ...definition, functionName: "Model.download" },
  });
  good.send([]);
  good.send([]);
  expect(await good.exited).toBe(0);
  expect(good.stdout).toBe("build default\n");
  expect(good.events.slice(3)).toEqual(["ready", "commit vo-1", "output in-1"]);
  expect(good.outputs.map((output) => output.result?.status)).toEqual([Status.SUCCESS]);

  await using bad = await start({
    tag: "Model",
    files: app,
    definition: { ...definition, functionName: "Model.fail" },
  });
  bad.send([]);
  expect(await bad.exited).toBe(0);
  expect(bad.outputs[0]?.result).toMatchObject({ status: Status.FAILURE, exception: "Error: hub is down" });
  expect(bad.stderr).toContain("at Model.fail (app.ts:8:");
});

test("a function given to runFunction is found in the builder and called with its arguments [D1 D2]", async () => {
  await using container = await start({
    tag: "build:prepare",
    definition: { isBuilderFunction: true, functionName: "prepare" },
    files: {
      "app.ts": `
        import { App, Image } from "dorian";
        async function prepare(path: string) { console.log("preparing " + path); }
        const app = new App("demo", { image: Image.debianSlim().runFunction(prepare, { args: ["/x"] }) });
        export const other = app.function({ name: "other" }, async () => 1);`,
    },
  });
  container.send(["/x"]);
  expect(await container.exited).toBe(0);
  expect(container.stdout).toBe("preparing /x\n");
});

test("an instance that is a standard disposable is disposed of behind its exit hooks [G2]", async () => {
  await using container = await start({
    tag: "Model",
    definition: { functionName: "Model.*", isClass: true },
    files: {
      "app.ts": `
        import { App, exit, method } from "dorian";
        const app = new App("demo");
        @app.cls()
        class Model {
          name = "model";
          @method() async work() { return 1; }
          async [Symbol.asyncDispose]() { console.log(this.name + " disposed of"); }
          @exit() async close() { console.log("closed"); }
        }`,
    },
  });
  expect(await container.value(container.send([], { methodName: "work" }))).toBe(1);
  container.killSwitch();
  expect(await container.exited).toBe(0);
  expect(container.stdout).toBe("closed\nmodel disposed of\n");
});

test("a start that fails is reported with its stack, and the container ends well [F7]", async () => {
  const cases = {
    import: functionApp(`async () => 1`, `throw new Error("no import");`),
    enter: {
      tag: "Model",
      files: {
        "app.ts": `
          import { App, enter, method } from "dorian";
          const app = new App("demo");
          @app.cls() export class Model {
            @enter() async setup() { throw new RangeError("no enter"); }
            @method() run() {}
          }`,
      },
    },
    missing: functionApp(`async () => pipeline()`, `import { pipeline } from "@huggingface/transformers";`),
    untagged: { ...functionApp(`async () => 1`), tag: "absent" },
  };
  const results: Record<string, string> = {};
  for (const [name, options] of Object.entries(cases)) {
    await using container = await start(options);
    expect(await container.exited).toBe(0);
    expect(container.events).not.toContain("ready");
    expect(container.taskResult?.status).toBe(Status.FAILURE);
    expect(container.stderr).toContain(container.taskResult?.traceback);
    results[name] = `${container.taskResult?.exception}\n${container.taskResult?.remoteError?.stack}`;
  }
  expect(results["import"]).toContain("Error: no import");
  expect(results["import"]).toContain("at app.ts:3:7");
  expect(results["enter"]).toContain("RangeError: no enter");
  expect(results["enter"]).toContain("at Model.setup (app.ts:5:");
  expect(results["missing"]).toContain(
    `The image does not hold the npm package "@huggingface/transformers".`,
  );
  expect(results["missing"]).toContain(`.npmInstall("@huggingface/transformers")`);
  expect(results["untagged"]).toContain(`registers no function or class "absent"`);
});

test("a restart of the server during a call loses nothing and repeats nothing", async () => {
  await using container = await start(functionApp(`async () => "precious"`));
  await container.until(() => container.polls === 1);
  await container.restartServer(300);
  expect(await container.value(container.send([]))).toBe("precious");
});

test("the next input runs while the output of the one before is on its way, and no third one", async () => {
  const accept = Promise.withResolvers<void>();
  const outputs: string[] = [];
  await using container = await start({
    ...functionApp(`async (name: string) => { console.log("ran " + name); return name; }`),
    handlers: {
      functionPutOutputs: async ({ outputs: [output] }) => {
        outputs.push(output?.inputId ?? "");
        await accept.promise;
        return {};
      },
    },
  });
  for (const name of ["a", "b", "c"]) container.send([name]);
  await container.until(() => container.stdout.includes("ran b"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(outputs).toEqual(["in-1"]);
  expect(container.stdout).not.toContain("ran c");
  accept.resolve();
  await container.until(() => outputs.length === 3);
  container.killSwitch();
  expect(await container.exited).toBe(0);
});

test("an output that meets a dead server is given again with the same key", async () => {
  const begun = Promise.withResolvers<void>();
  const keys: string[] = [];
  await using container = await start({
    ...functionApp(`async () => "precious"`),
    handlers: {
      functionPutOutputs: async (_request, { idempotencyKey }) => {
        keys.push(idempotencyKey);
        begun.resolve();
        if (keys.length === 1) await new Promise(() => undefined);
        if (keys.length === 2)
          throw new AppError("SERVER_FULL", "No room.", { status: "RESOURCE_EXHAUSTED", remedy: "Wait." });
        return {};
      },
    },
  });
  container.send([]);
  await begun.promise;
  await container.restartServer(200);
  await container.until(() => keys.length === 3);
  expect(keys[1]).toBe(keys[0]);
  container.killSwitch();
  expect(await container.exited).toBe(0);
});

test("an error that escapes from an input's code fails that input, and the container goes on", async () => {
  await using container = await start(
    functionApp(`async (how: string) => {
      if (how === "fine") return "still here";
      if (how === "rejection") void Promise.reject(new Error("lost rejection"));
      if (how === "timer") setTimeout(() => { throw new Error("lost exception"); }, 10);
      await new Promise((r) => setTimeout(r, 200));
    }`),
  );
  for (const [how, exception] of [
    ["rejection", "Error: lost rejection"],
    ["timer", "Error: lost exception"],
  ]) {
    const output = await container.output(container.send([how]));
    expect(output.result?.exception).toBe(exception);
    await container.until(() => container.stderr.includes(`Uncaught ${exception}`));
  }
  expect(await container.value(container.send(["fine"]))).toBe("still here");
});

test("an error of what an answered call left behind ends the process, and names the call", async () => {
  await using container = await start(
    functionApp(
      `async () => { setTimeout(() => { throw new Error("late"); }, 100); void new Promise(() => {}); return 1; }`,
    ),
  );
  const input = container.send([]);
  expect(await container.value(input)).toBe(1);
  expect(await container.exited).toBe(1);
  expect(container.stderr).toMatch(
    /Uncaught, left behind by call fc-\S+, which has its answer: Error: late\n/,
  );
});

test("an error in background code that belongs to no input is logged and ends the process with code 1", async () => {
  await using container = await start(
    functionApp(
      `async () => 1`,
      `process.on("SIGUSR2", () => setTimeout(() => { throw new Error("background"); }));`,
    ),
  );
  await container.until(() => container.polls === 1);
  container.signal("SIGUSR2");
  expect(await container.exited).toBe(1);
  expect(container.stderr).toContain("Uncaught Error: background\n    at Timeout._onTimeout (app.ts:");
  expect(container.taskResult).toBeUndefined();
});

test("a commit that fails at the end keeps no other from being made; the worker, which tries again, tells of it [M4]", async () => {
  const committed: string[] = [];
  await using container = await start({
    ...functionApp(`async () => 1`),
    definition: { volumeMounts: [writable, { ...writable, volumeId: "vo-2", mountPath: "/other" }] },
    handlers: {
      volumeCommit: async ({ volumeId }) => {
        committed.push(volumeId);
        if (volumeId === "vo-2") return {};
        throw new AppError("VOLUME_DISK_FULL", "No space is left.", { remedy: "Free some." });
      },
    },
  });
  container.killSwitch();
  expect(await container.exited).toBe(0);
  expect(committed).toEqual([writable.volumeId, "vo-2"]);
  expect(container.stderr).toBe("");
});

test("a volume is committed and reloaded by what is mounted, whatever its name leads to by now", async () => {
  const asked: string[] = [];
  const note = (what: string) => async (request: { volumeId: string }) => {
    asked.push(`${what} ${request.volumeId}`);
    return {};
  };
  await using container = await start({
    ...functionApp(
      `async () => { await volume.commit(); await whole.reload(); await other.reload(); }`,
      `const whole = Volume.fromName("weights", { createIfMissing: true });
       const volume = whole.withMountOptions({ subPath: "ada" });
       const other = Volume.fromName("other");`,
      `, volumes: { "/vol": volume }`,
    ),
    definition: { volumeMounts: [writable] },
    handlers: {
      volumeCommit: note("commit"),
      volumeReload: note("reload"),
      volumeGetOrCreate: async ({ deploymentName }) => ({ volumeId: `vo-${deploymentName}` }),
    },
  });
  await container.value(container.send([]));
  expect(asked.slice(0, 4)).toEqual(["commit vo-1", "reload vo-1", "reload vo-1", "reload vo-other"]);
});

test("stacks leave out what the guest reads beside it", async () => {
  await using container = await start({
    ...functionApp(`async () => { await Volume.fromId("vo-9").readFile("weights"); }`),
    handlers: {
      volumeGetFile2: async () => {
        throw new AppError("VOLUME_PATH_NOT_FOUND", "There is none.", {
          remedy: "Look.",
          status: "NOT_FOUND",
        });
      },
    },
  });
  const { result } = await container.output(container.send([]));
  expect(result?.traceback).toContain("app.ts:");
  expect(result?.traceback).not.toMatch(/guest-volume-files|dorian-guest/);
});

test("a call from inside a container names the input that makes it, and its sibling by the app's ids [R1]", async () => {
  await using container = await start({
    ...functionApp(
      `async (x: number) => { await Promise.resolve(); return (await sibling.remote(x)) + 1; }`,
      `const sibling = app.function({ name: "sibling" }, async (x: number) => x * 10);`,
    ),
    functionIds: { work: "fu-1", sibling: "fu-2" },
  });
  const input = container.send([4]);
  expect(await container.value(input)).toBe(43);
  expect(container.calls[0]).toMatchObject({ functionId: "fu-2", parentInputId: input });
});

test("a process that user code starts can use the SDK and does not act as the container", async () => {
  await using container = await start(
    functionApp(
      `async () => (await promisify(execFile)(process.execPath, ["--input-type=module", "-e", "const { currentTaskId, Function } = await import(process.env.GUEST); console.log(currentTaskId(), await Function.fromName('a', 'f').remote(1))"], { encoding: "utf8", timeout: 10_000 })).stdout.trim()`,
      `import { execFile } from "node:child_process"; import { promisify } from "node:util";`,
    ),
  );
  expect(await container.value(container.send([]))).toBe("ta-1 42");
  expect(container.events.filter((event) => event === "hello")).toHaveLength(1);
});

test("a guest that could not draw random numbers of its own afterwards asks for no snapshot, and starts", async () => {
  let asked = false;
  // The bundle alone: koffi's machine code does not lie beside it.
  await using container = await start({
    ...functionApp(`async (x: number) => x + 1`),
    definition: { isCheckpointingFunction: true },
    handlers: {
      containerCheckpoint: async () => {
        asked = true;
        return {};
      },
    },
  });
  expect(await container.value(container.send([1]))).toBe(2);
  expect(asked).toBe(false);
  expect(container.stderr).toContain("no memory snapshot is taken");
});
