import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readDocstring } from "@dorian/testkit/api-reference/docstring";
import { checkout } from "@dorian/testkit/checkout";
import { commandDirectory } from "@dorian/testkit/command-directory";
import { deployApp } from "@dorian/testkit/deployed-app";
import { fencesOf } from "@dorian/testkit/markdown/fences";
import { notPrinted } from "@dorian/testkit/markdown/promised-output";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian, runCommand } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** They bring servers and repositories of their own: script/quickstart, python-workloads.e2e.test.ts. */
const runElsewhere = ["quickstart", "storing-model-weights"];

const folder = join(checkout, "examples");
const examples = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !runElsewhere.includes(entry.name))
  .map(({ name }) => name);

let server: RunningServer;
let client: ModalClient;
let commands: TemporaryDirectory;

beforeAll(async () => {
  server = await runningServer({ clients: [modalVersions.newest], args: ["--web-ports", "0"] });
  client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  commands = await commandDirectory();
});

afterAll(async () => {
  await commands[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe("each example does what its README says", () => {
  test.for(examples)("%s", { timeout: 240_000 }, async (name) => {
    const readme = readFileSync(join(folder, name, "README.md"), "utf8");
    const commands = fencesOf(readme, "sh").join("\n");
    const { code, stdout, stderr } = await runCommand(["bash", "-euc", commands], {
      cwd: checkout,
      env: { ...client.environment, PATH: path(), DORIAN_DATA: server.dataDirectory, COLUMNS: "200" },
    });
    expect(code, stdout + stderr).toBe(0);
    const promised = fencesOf(readme, "text");
    expect(promised.filter((block) => block.trim() !== "")).not.toEqual([]);
    const missing = notPrinted(stdout, promised);
    expect(missing, `not printed, of what its README promises; printed was:\n${stdout}${stderr}`).toEqual([]);
  });
});

test("the list of examples names every one of them, and each has a README", () => {
  const list = readFileSync(join(folder, "README.md"), "utf8");
  for (const name of [...examples, ...runElsewhere]) expect(list).toContain(`| [${name}](${name}) |`);
  expect(examples.filter((name) => !existsSync(join(folder, name, "README.md")))).toEqual([]);
});

/** What the reader of an example of the SDK's documentation has at hand, by the file that it stands in. */
const atHand: Record<string, string> = {
  "function/function-call.ts": `const train = Function.fromName<(modelId: string) => Promise<number>>("quickstart", "train");`,
  "timeline.ts": `const taskId = String(await Function.fromName("quickstart", "where").remote());`,
};

/** The apps that these examples name. */
const namedApps = [
  `import { App, currentTaskId, method, parameter } from "dorian";
export const app = new App("quickstart");
export const train = app.function({ name: "train" }, async (modelId: string) => modelId.length);
export const where = app.function({ name: "where" }, async () => currentTaskId());
@app.cls()
export class Model {
  @parameter() modelId = "iris-a";
  @method() async inference(input: number[]) { return this.modelId + input.length; }
}
`,
  `import { App } from "dorian";
export const app = new App("model");
export const predict = app.function({ name: "predict" }, async (input: number[], { top }: { top: number }) => [input.length, top]);
`,
];

test("each example in the documentation of the SDK runs", async () => {
  const examples = documentedExamples();
  const named = new Set(examples.map(({ file }) => file));
  expect(
    [...Object.keys(atHand), "app/app.ts", "volume/volume.ts"].filter((file) => !named.has(file)),
  ).toEqual([]);
  const imports = `
import { createServer } from "node:http";
import { readFile, writeFile } from "node:fs/promises";
import { ${publicNames().join(", ")} } from "dorian";
`;
  const [whole, parts] = [examples.filter(isApp), examples.filter((example) => !isApp(example))];
  const [declared, asked] = [parts.filter(isDeclared), parts.filter((example) => !isDeclared(example))];
  await using project = await temporaryDirectory({
    "weights/part": "weights",
    ...Object.fromEntries(
      whole.map(({ code }, index) => [`app-${index}.ts`, `${imports}${withEntrypoint(code)}`]),
    ),
    "parts.ts": `${imports}
const app = new App("documented");
const weights = "weights";
${declared.map(({ code }) => code).join("\n")}
app.localEntrypoint(async () => {
  await train.remote();
  ${asked.map(({ file, code }) => `{ ${atHand[file] ?? ""}\n${code}\n}`).join("\n")}
  console.log("all of them");
});
`,
  });
  for (const app of namedApps) await deployApp(server.dataDirectory, app);
  for (const name of new Set(examples.flatMap(secretsIn))) {
    const keys = ["KEY", "HF_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(
      (key) => `${key}=value`,
    );
    await dorian(server.dataDirectory, ["secret", "create", name, ...keys]);
  }
  const run = async (file: string) => {
    const result = await dorian(server.dataDirectory, ["run", file], { cwd: project.path });
    expect(result.code, result.stdout + result.stderr).toBe(0);
    return result.stdout;
  };
  for (const index of whole.keys()) expect(await run(`app-${index}.ts`)).toContain("9");
  expect(await run("parts.ts")).toContain("all of them");
});

interface Example {
  file: string;
  code: string;
}

/** Examples of what users can import, in the order of the files that it is in. */
function documentedExamples(): Example[] {
  const files = [...sdkIndex().matchAll(/from "\.\/([^"]+)"/g)].map(([, file = ""]) => file);
  return files.flatMap((file) => {
    const comments = readFileSync(join(sdkSources, file), "utf8").match(/\/\*\*.*?\*\//gs) ?? [];
    return comments.flatMap((comment) => readDocstring(comment).examples.map((code) => ({ file, code })));
  });
}

const sdkSources = join(checkout, "packages/sdk/src");

function sdkIndex(): string {
  return readFileSync(join(sdkSources, "index.ts"), "utf8");
}

/** All that the SDK exports: what an example does not use of it is dropped when it is compiled. */
function publicNames(): string[] {
  return [...sdkIndex().matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = ""]) =>
    [...names.matchAll(/(?:type )?(\w+)(?: as (\w+))?/g)].map(([, name = "", as = name]) => as),
  );
}

/** A whole app, which runs by itself. */
function isApp({ code }: Example): boolean {
  return /\blocalEntrypoint\b|\bconst app = new App\(/.test(code);
}

/** An app that only says what it has is published all the same. */
function withEntrypoint(code: string): string {
  return code.includes("localEntrypoint") ? code : `${code}\napp.localEntrypoint(() => console.log(9));`;
}

/** Names of secrets that an example expects to be there. */
function secretsIn({ code }: Example): string[] {
  return [...code.matchAll(/Secret\.fromName\("([^"]+)"/g)].map(([, name = ""]) => name);
}

/** Adds to an app, as its module is loaded. */
function isDeclared({ code }: Example): boolean {
  return /\bapp\.(?!instance\b)\w+\(/.test(code);
}

function path(): string {
  return `${commands.path}:${join(checkout, "node_modules/.bin")}:${client.environment["PATH"] ?? ""}`;
}
