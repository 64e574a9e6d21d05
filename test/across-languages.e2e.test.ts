import { Cls, Function as RemoteFunction, RemoteError, keywords } from "dorian";
import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import * as official from "modal";
import { afterAll, beforeAll, expect, test } from "vitest";

const initialiser = `def __init__(self, prefix="none"):
        self.prefix = prefix
`;

/** Classifies points on a line: trained here, in Python, into a Volume that TypeScript reads. */
const pythonApp = (name: string) => `
import array, json, math, time
import modal

app = modal.App("${name}")
volume = modal.Volume.from_name("shared-weights", create_if_missing=True)

@app.function()
def add(a, b=1, *, scale=1):
    return (a + b) * scale

@app.function()
def echo(value):
    return value

@app.function()
def strange():
    import datetime
    return datetime.timedelta(seconds=1) if ${name === "python-old" ? "True" : "False"} else object()

@app.function()
def boom(text):
    raise ValueError(text)

@app.function()
def count(n):
    for i in range(n):
        yield {"i": i}

@app.function()
def large(n):
    return b"x" * n

@app.function(volumes={"/weights": volume})
def train(model_id, points):
    weight, bias = 0.0, 0.0
    for _ in range(500):
        for x, label in points:
            error = label - 1 / (1 + math.exp(-(weight * x + bias)))
            weight += 0.1 * error * x
            bias += 0.1 * error
    with open(f"/weights/{model_id}.f32", "wb") as out:
        array.array("f", [weight, bias]).tofile(out)
    with open(f"/weights/{model_id}.json", "w") as out:
        json.dump({"classes": ["low", "high"]}, out)
    volume.commit()
    return model_id

@app.cls()
class Old:
    ${name === "python-old" ? initialiser : 'prefix: str = modal.parameter(default="none")'}

    @modal.method()
    def greet(self, name):
        return f"{self.prefix} {name}"
`;

const parametrised = `
@app.cls()
class Model:
    name: str = modal.parameter(default="default")
    size: int = modal.parameter(default=3)

    @modal.enter()
    def load(self):
        self.loaded = f"{self.name}/{self.size}"

    @modal.method()
    def describe(self, suffix=""):
        return self.loaded + suffix

    @modal.method()
    def ask_itself(self):
        return self.describe.remote(", it says")

    @modal.method()
    def items(self):
        for i in range(self.size):
            yield f"{self.name}-{i}"
`;

const typescriptApp = `
import { readFile } from "node:fs/promises";
import { App, Cls, enter, Function, Image, method, parameter, Volume } from "dorian";

export const app = new App("typescript", { image: Image.debianSlim() });
const weights = Volume.fromName("shared-weights", { createIfMissing: true });

@app.cls({ volumes: { "/weights": weights } })
export class Classifier {
  @parameter() modelId = "line";
  #weight = 0;
  #bias = 0;
  #classes: string[] = [];

  @enter() async load() {
    await weights.reload();
    const bytes = await readFile(\`/weights/\${this.modelId}.f32\`);
    const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    [this.#weight, this.#bias] = [numbers[0] ?? 0, numbers[1] ?? 0];
    this.#classes = JSON.parse(await readFile(\`/weights/\${this.modelId}.json\`, "utf8")).classes;
  }

  @method() classify(x: number) {
    return this.#classes[this.#weight * x + this.#bias > 0 ? 1 : 0];
  }

  @method() *labels(xs: number[]) {
    for (const x of xs) yield this.classify(x);
  }
}

export const echo = app.function({ name: "echo" }, async (value: unknown) => value);
export const sum = app.function({ name: "sum" }, async (a: number, named?: { b: number }) => a + (named?.b ?? 0));
export const boom = app.function({ name: "boom" }, async (text: string) => { throw new RangeError(text); });
export const relay = app.function({ name: "relay" }, async (app: string) => [
  await Function.fromName(app, "add").remote(1, 2),
  await Cls.fromName<{ new (): { greet(name: string): Promise<string> } }>(app, "Old").instance().greet.remote("there"),
]);
`;

let server: RunningServer;
const clients = new Map<ModalVersion, ModalClient>();
const { newest, between, late2024 } = modalVersions;

beforeAll(async () => {
  server = await runningServer({ clients: [newest, between, late2024], apps: [typescriptApp] });
  for (const version of [newest, between, late2024])
    clients.set(version, await ModalClient.open(version, server.dataDirectory));
  await deployPython(newest, pythonApp("python") + parametrised);
  await deployPython(late2024, pythonApp("python-old"));
});

afterAll(() => server[Symbol.asyncDispose]());

function client(version: ModalVersion): ModalClient {
  const found = clients.get(version);
  if (!found) throw new Error(`There is no client ${version}.`);
  return found;
}

async function deployPython(version: ModalVersion, source: string): Promise<void> {
  await using project = await temporaryDirectory({ "app.py": source });
  const { code, stdout, stderr } = await client(version).modal(["deploy", "app.py"], { cwd: project.path });
  if (code !== 0) throw new Error(`modal deploy failed with ${version}:\n${stdout}\n${stderr}`);
}

/** What the program prints, as values. */
async function python(version: ModalVersion, program: string): Promise<unknown[]> {
  const source = `import json, modal\ndef show(value): print(json.dumps(value))\n${program}`;
  const { code, stdout, stderr } = await client(version).python(["-c", source]);
  if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const fn = (app: string, name: string) => RemoteFunction.fromName(app, name);

test("a method in Python calls another one of its own instance, and of its parameters", async () => {
  const program = `
Model = modal.Cls.from_name("python", "Model")
show(Model(name="own", size=2).ask_itself.remote())
show(Model(name="other").ask_itself.remote())`;
  expect(await python(newest, program)).toEqual(["own/2, it says", "other/3, it says"]);
});

// The other one of 2024, whose clients and containers know nothing but pickles.
for (const app of ["python", "python-old"]) {
  test(`[U4] TypeScript calls functions of the app ${app}, with positions and keywords`, async () => {
    expect(await fn(app, "add").remote(2, 3)).toBe(5);
    expect(await fn(app, "add").remote(2, keywords({ b: 5, scale: 10 }))).toBe(70);
    const value = { text: "ä", list: [1, 2.5, null, true], bytes: new Uint8Array([1, 2]), big: 2 ** 40 };
    expect(await fn(app, "echo").remote(value)).toEqual(value);
    expect(await collected(fn(app, "add").map([1, 2, 3]))).toEqual([2, 3, 4]);
    const call = await fn(app, "add").spawn(20, 22);
    expect(await call.get()).toBe(42);
  });

  test(`[U4] an exception of the app ${app} arrives with its type, its words and its traceback`, async () => {
    const failed = fn(app, "boom").remote("no such label");
    await expect(failed).rejects.toBeInstanceOf(RemoteError);
    await expect(failed).rejects.toMatchObject({
      name: "ValueError",
      message: "no such label",
      remoteStack: expect.stringContaining("raise ValueError(text)") as unknown,
    });
  });

  test(`[U4] a generator and a large result of the app ${app} arrive`, async () => {
    const items = fn(app, "count").remote(3) as unknown as AsyncIterable<unknown>;
    expect(await collected(items)).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }]);
    expect(await fn(app, "large").remote(3_000_000)).toHaveLength(3_000_000);
  });

  test(`a result of the app ${app} that only Python can hold is an error that says so`, async () => {
    await expect(fn(app, "strange").remote()).rejects.toThrow(
      app === "python" ? /serializ/i : /datetime.timedelta/,
    );
  });

  test(`[U4] TypeScript calls a class of the app ${app} in its era's way of parameters`, async () => {
    const old = Cls.fromName<{ new (): { greet(name: string): Promise<string>; prefix: string } }>(
      app,
      "Old",
    );
    expect(await old.instance({ prefix: "dear" }).greet.remote("Ada")).toBe("dear Ada");
    expect(await old.instance().greet.remote("Ada")).toBe("none Ada");
  });

  test(`[U4] a TypeScript container calls the app ${app}`, async () => {
    expect(await fn("typescript", "relay").remote(app)).toEqual([3, "none there"]);
  });
}

interface Model {
  name: string;
  size: number;
  describe(suffix?: string): Promise<string>;
  items(): AsyncGenerator<string>;
}

test("[U4] TypeScript calls a class with parameters, and a wrong one is refused by its name", async () => {
  const model = Cls.fromName<{ new (): Model }>("python", "Model");
  expect(await model.instance().describe.remote()).toBe("default/3");
  expect(await model.instance({ name: "b", size: 2 }).describe.remote("!")).toBe("b/2!");
  expect(await collected(model.instance({ name: "b", size: 2 }).items.remote())).toEqual(["b-0", "b-1"]);
  await expect(model.instance({ nobody: 1 } as never).describe.remote()).rejects.toMatchObject({
    code: "PARAMETER_UNKNOWN",
  });
});

// Newest: CBOR. The others: pickles.
test.for([newest, between, late2024])(
  "[U4] Python %s calls TypeScript functions and classes",
  async (version) => {
    const named = version === late2024 ? "lookup" : "from_name";
    expect(
      await python(
        version,
        `
value = {"text": "ä", "list": [1, 2.5, None, True], "nested": {"a": (1, 2)}}
echo = modal.Function.${named}("typescript", "echo")
show(echo.remote(value))
show(list(echo.map([1, 2, 3])))
show(modal.Function.${named}("typescript", "sum").remote(1, b=2))
try:
    modal.Function.${named}("typescript", "boom").remote("too far")
except Exception as error:
    show([type(error).__name__, str(error)])
`,
      ),
    ).toEqual([
      { text: "ä", list: [1, 2.5, null, true], nested: { a: [1, 2] } },
      [1, 2, 3],
      3,
      ["RemoteError", "RangeError: too far"],
    ]);
  },
);

test("what TypeScript cannot read is refused with what to send instead", async () => {
  const program = `
import datetime
try:
    modal.Function.from_name("typescript", "echo").remote(datetime.timedelta(seconds=1))
except Exception as error:
    show(str(error))
`;
  expect((await python(between, program))[0]).toMatch(/datetime\.timedelta.*plain data/);
});

const points = [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9].map((x) => [x, x > 0.5 ? 1 : 0]);

test("[U4] weights that Python trained into a Volume are served by TypeScript, to TypeScript and to Python", async () => {
  expect(await fn("python", "train").remote("line", points)).toBe("line");
  interface Classifier {
    modelId: string;
    classify(x: number): Promise<string>;
    labels(xs: number[]): AsyncGenerator<string>;
  }
  const classifier = Cls.fromName<{ new (): Classifier }>("typescript", "Classifier").instance({
    modelId: "line",
  });
  expect(await classifier.classify.remote(0.05)).toBe("low");
  expect(await classifier.classify.remote(0.95)).toBe("high");
  expect(
    await python(
      newest,
      `
classifier = modal.Cls.from_name("typescript", "Classifier")(modelId="line")
show([classifier.classify.remote(x) for x in (0.0, 1.0)])
show(list(classifier.labels.remote_gen([0.0, 1.0])))
`,
    ),
  ).toEqual([
    ["low", "high"],
    ["low", "high"],
  ]);
});

test("[U4] the official JavaScript client calls functions and classes of Python", async () => {
  const { environment } = client(newest);
  process.env["MODAL_SERVER_URL"] = environment["MODAL_SERVER_URL"] ?? "";
  const modal = new official.ModalClient({
    tokenId: environment["MODAL_TOKEN_ID"] ?? "",
    tokenSecret: environment["MODAL_TOKEN_SECRET"] ?? "",
  });
  try {
    expect(await (await modal.functions.fromName("python", "add")).remote([2], { scale: 4 })).toBe(12);
    const model = await (await modal.cls.fromName("python", "Model")).instance({ name: "js", size: 1 });
    expect(await model.method("describe").remote(["!"])).toBe("js/1!");
    const old = await modal.functions.fromName("python-old", "add");
    await expect(old.remote([1])).rejects.toThrow("Redeploy with Modal Python SDK >= 1.2");
  } finally {
    modal.close();
  }
});
