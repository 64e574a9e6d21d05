import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Image } from "dorian";
import { printing, runApp, type AppRun, type AppRunOptions } from "@dorian/testkit/app-run";
import { sdkConnection } from "@dorian/testkit/connection";
import { DorianProcess } from "@dorian/testkit/dorian-process";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
});

afterAll(() => server[Symbol.asyncDispose]());

async function run(source: string, options: AppRunOptions = {}): Promise<AppRun> {
  const result = await runApp(server.dataDirectory, source, options);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return result;
}

/** An app whose function reads files of an image. */
function reading(image: string, files: string[], before = ""): string {
  return `
import { App, Image, Secret, Volume } from "dorian";
import { readFileSync } from "node:fs";
${printing}
${before}
export const app = new App("reading", { image: ${image} });
export const read = app.function({ name: "read" }, async () => ${JSON.stringify(files)}.map((file) => readFileSync(file, "utf8").trim()));
app.localEntrypoint(async () => { print(await read.remote()); });
`;
}

/** A command that leaves behind which run of it this was. */
const markIn = (file: string) => `cat /proc/sys/kernel/random/uuid > ${file}`;

const marksOf = (result: AppRun) => result.printed[0] as string[];
const stepsOf = (result: AppRun) => result.built.map(({ step }) => step.replace(/^RUN /, ""));

interface ListedImage {
  imageId: string;
  baseImageId: string;
  names: string[];
  description: string;
  state: string;
}

async function images(): Promise<ListedImage[]> {
  const { stdout } = await dorian(server.dataDirectory, ["image", "list", "--json"]);
  return JSON.parse(stdout) as ListedImage[];
}

async function putFile(volume: string, path: string): Promise<void> {
  await dorian(server.dataDirectory, ["volume", "create", volume]);
  const { code, stderr } = await dorian(server.dataDirectory, ["volume", "put", volume, "-", path], {
    input: "x",
  });
  expect(code, stderr).toBe(0);
}

/** What tests with Python begin with: it is installed once. */
const withTools = `Image.debianSlim().aptInstall("hello").npmInstall("is-number@7.0.0")`;

test("packages of Debian, npm and Python are there; what was built is used, and more is built, without any network [B1, B13]", async () => {
  const online = `${withTools}.pipInstall("iniconfig==2.0.0").runCommands("mkdir /index && cd /index && npm pack is-number@7.0.0 && pip download iniconfig==2.0.0")`;
  const source = (image: string) => `
import { App, Image } from "dorian";
import { execFileSync } from "node:child_process";
${printing}
export const app = new App("packages", { image: ${image} });
export const use = app.function({ name: "use" }, async () => {
  const { default: isNumber } = await import("is-number");
  const python = execFileSync("python3", ["-c", "import iniconfig; print(iniconfig.__name__)"], { encoding: "utf8" });
  return [execFileSync("hello", { encoding: "utf8" }).trim(), isNumber(3), python.trim()];
});
app.localEntrypoint(async () => { print(await use.remote()); });
`;
  const works = [["Hello, world!", true, "iniconfig"]];
  expect((await run(source(online))).printed).toEqual(works);

  await server.processes.stop();
  server.processes = await DorianProcess.start({
    dataDirectory: server.dataDirectory,
    within: ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"],
  });
  const within = ["nsenter", "--net", "--target", String(server.processes.pid)];
  const cached = await run(source(online), { within });
  expect(cached.printed).toEqual(works);
  expect(cached.built).toEqual([]);
  const fromIndex = `${online}.runCommands("rm -r /root/node_modules && pip uninstall --yes --break-system-packages iniconfig").npmInstall("/index/is-number-7.0.0.tgz").env({ PIP_NO_INDEX: "1", PIP_FIND_LINKS: "/index" }).pipInstall("iniconfig==2.0.0")`;
  const built = await run(source(fromIndex), { within });
  expect(built.printed).toEqual(works);
  expect(stepsOf(built)).toHaveLength(4);
  const unreachable = `${online}.env({ npm_config_fetch_retries: "0" }).npmInstall("is-odd@3.0.1")`;
  const failed = await runApp(server.dataDirectory, source(unreachable), { within });
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/npm error .*(EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ENOTFOUND|ETIMEDOUT)/);

  await server.processes.stop();
  server.processes = await DorianProcess.start({ dataDirectory: server.dataDirectory });
});

test("each call adds a step on what was there: forks share their base, and a changed step is built anew with all after it and nothing before [B2, B3, B4, B5]", async () => {
  const chain = (second: string, third: string) =>
    reading(
      `Image.debianSlim().runCommands("${markIn("/1")}").runCommands("${second}").runCommands("${third}")`,
      ["/1", "/2", "/3"],
    );
  const [two, three] = [markIn("/2"), markIn("/3")];
  const first = await run(chain(two, three));
  expect(stepsOf(first)).toEqual([markIn("/1"), two, three]);

  const again = await run(chain(two, three), { command: "deploy" });
  expect(again.stderr).not.toContain("Step 1");
  expect(again.built).toEqual([]);
  // Of another app, by another process.
  const other = await run(chain(two, three).replace('"reading"', '"another"'));
  expect(other.built).toEqual([]);
  expect(other.printed).toEqual(first.printed);

  const changed = await run(chain(`${two} && true`, three));
  expect(changed.built).toEqual([
    { step: `RUN ${two} && true`, reason: `the line "RUN ${two} && true" was "RUN ${two}"` },
    { step: `RUN ${three}`, reason: "the image below it changed" },
  ]);
  const same = marksOf(changed).map((mark, index) => mark === marksOf(first)[index]);
  expect(same).toEqual([true, false, false]);

  const base = (await images()).find(({ description }) => description === `RUN ${markIn("/1")}`);
  const forks = (await images()).filter(({ baseImageId }) => baseImageId === base?.imageId);
  expect(forks.map(({ description }) => description).toSorted()).toEqual([
    `RUN ${two}`,
    `RUN ${two} && true`,
  ]);
});

test("files, secrets by name and volumes that a step uses belong to what it is [B5]", async () => {
  const source = `
import { App, Image, Secret } from "dorian";
export const app = new App("inputs", {
  image: Image.debianSlim().addLocalFile("model.txt", "/opt/model.txt", { copy: true })
    .runCommands("wc -c /opt/model.txt", { secrets: [Secret.fromObject({ A: "1" })] }),
});
export const nothing = app.function({ name: "nothing" }, async () => 0);
`;
  const deploy = (text: string, files: Record<string, string>) => run(text, { command: "deploy", files });
  expect((await deploy(source, { "model.txt": "one" })).built).toHaveLength(2);
  expect((await deploy(source, { "model.txt": "one", "unrelated.txt": "x" })).built).toEqual([]);
  expect((await deploy(source, { "model.txt": "two" })).built).toEqual([
    { step: "COPY . /", reason: "the files copied into it changed" },
    { step: "RUN wc -c /opt/model.txt", reason: "the image below it changed" },
  ]);
  expect((await deploy(source.replace('{ A: "1" }', '{ B: "1" }'), { "model.txt": "one" })).built).toEqual([
    { step: "RUN wc -c /opt/model.txt", reason: "the secrets changed" },
  ]);
});

test("a forced build takes the place of what was there; one past the cache leaves it [B6]", async () => {
  const source = reading(`Image.debianSlim().runCommands("${markIn("/1")}").runCommands("${markIn("/2")}")`, [
    "/1",
    "/2",
  ]);
  const first = await run(source);
  const ignoring = await run(source, { env: { MODAL_IGNORE_CACHE: "1" } });
  expect(ignoring.built.map(({ reason }) => reason)).toContain("the cache is ignored");
  expect(marksOf(ignoring)).not.toEqual(marksOf(first));
  expect((await run(source)).printed).toEqual(first.printed);

  const forced = await run(source, { env: { MODAL_FORCE_BUILD: "1" } });
  expect(forced.built.map(({ reason }) => reason)).toContain("a build was forced");
  expect([marksOf(first), marksOf(ignoring)].flat()).not.toContain(marksOf(forced)[1]);
  expect((await run(source)).printed).toEqual(forced.printed);

  const step = source.replace(`${markIn("/2")}")`, `${markIn("/2")}", { forceBuild: true })`);
  const second = await run(step);
  expect(stepsOf(second)).toEqual([markIn("/2")]);
  expect(marksOf(second)[0]).toBe(marksOf(forced)[0]);
  expect(marksOf(second)[1]).not.toBe(marksOf(forced)[1]);
  expect((await run(source)).printed).toEqual(second.printed);
});

test("what a step prints arrives while it runs [B7]", async () => {
  const at = new Map<string, number>();
  await run(
    reading(`Image.debianSlim().runCommands("echo $((1 + 0)) first; sleep 2; echo $((1 + 1)) last")`, []),
    {
      onOutput: (text) => {
        for (const [line] of text.matchAll(/^(1 first|2 last|✓ Built)/gm))
          at.set(line, at.get(line) ?? Date.now());
      },
    },
  );
  expect([...at.keys()]).toEqual(["1 first", "2 last", "✓ Built"]);
  expect((at.get("2 last") ?? 0) - (at.get("1 first") ?? 0)).toBeGreaterThan(1500);
});

test("two clients that ask for one image at once cause one build, and both get it [B9]", async () => {
  const source = `
import { App, Image, Volume, build, method } from "dorian";
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
${printing}
const volumes = { "/runs": Volume.fromName("at-once", { createIfMissing: true }) };
const image = Image.debianSlim().runCommands("echo running $((1 + 1)); sleep 2; cp /proc/sys/kernel/random/uuid /1; touch /runs/step-$(cat /1)", { volumes });
export const app = new App("at-once", { image });
@app.cls({ volumes })
export class Model {
  @build() async download() { await delay(1000); writeFileSync("/2", randomUUID()); writeFileSync("/runs/build-" + randomUUID(), ""); }
  @method() async read() { return ["/1", "/2"].map((file) => readFileSync(file, "utf8")); }
}
app.localEntrypoint(async () => { print(await app.instance(Model).read.remote()); });
`;
  const both = await Promise.all([run(source), run(source)]);
  expect(marksOf(both[0])).toHaveLength(2);
  expect(both[0].printed).toEqual(both[1].printed);
  for (const { stderr } of both) expect(stderr).toContain("running 2\n");
  const { stdout } = await dorian(server.dataDirectory, ["volume", "ls", "at-once", "--json"]);
  const runs = (JSON.parse(stdout) as { path: string }[]).map(({ path }) =>
    path.replace(/^\/?(\w+)-.*/, "$1"),
  );
  expect(runs).toEqual(["build", "step"]);
});

test("a failed build says which image and why, and is built when the cause is gone [B8, B10]", async () => {
  const volumes = `{ volumes: { "/mirror": Volume.fromName("mirror", { createIfMissing: true }) } }`;
  const command =
    "echo looking; test -f /mirror/up || { echo the mirror is down >&2; exit 7; }; cp /mirror/up /copy";
  const source = reading(`Image.debianSlim().runCommands("${command}", ${volumes})`, ["/copy"]);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const failed = await runApp(server.dataDirectory, source);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("the mirror is down\n");
    expect(failed.stderr).toMatch(/Image build for im-\w+ failed in step .* ended with code 7/);
  }
  await putFile("mirror", "/up");
  const succeeded = await run(source);
  expect(succeeded.built).toEqual([{ step: `RUN ${command}`, reason: "the last build of it failed" }]);
  expect(succeeded.printed).toEqual([["x"]]);
  expect((await run(source)).built).toEqual([]);
});

test("a build that is interrupted leaves no process, no mount, no layer and nothing in the cache [B10]", async () => {
  const mark = "86399";
  const volumes = `{ volumes: { "/gate": Volume.fromName("gate", { createIfMissing: true }) } }`;
  const source = reading(
    `Image.debianSlim().runCommands("head -c 1000000 /dev/urandom > /half; echo waiting $((1 + 1)); test -f /gate/open || sleep ${mark}; ${markIn("/done")}", ${volumes})`,
    ["/done"],
  );
  const layers = await readdir(join(server.dataDirectory, "layers"));
  let seen = "";
  const interrupted = await runApp(server.dataDirectory, source, {
    onOutput: (text, send) => {
      seen += text;
      if (seen.includes("waiting 2")) send("SIGINT");
    },
  });
  expect(interrupted.code).toBe(130);
  const isSleeping = async () =>
    (await promisify(execFile)("ps", ["-eo", "args"])).stdout.split("\n").includes(`sleep ${mark}`);
  await expect.poll(isSleeping, { timeout: 20_000 }).toBe(false);
  await expect.poll(() => readdir(join(server.dataDirectory, "scratch")), { timeout: 20_000 }).toEqual([]);
  // Files that the app itself brought are a layer, too; of the build there is none.
  const added = (await readdir(join(server.dataDirectory, "layers"))).filter(
    (layer) => !layers.includes(layer),
  );
  for (const layer of added)
    expect(await readdir(join(server.dataDirectory, "layers", layer))).not.toContain("half");
  expect((await images())[0]).toMatchObject({ state: "failed" });

  await putFile("gate", "/open");
  expect(marksOf(await run(source))[0]).toMatch(/^[0-9a-f-]{36}$/);
});

test("secrets are in a step's environment, and in no file of the server [B11]", async () => {
  const value = `token-${randomUUID()}`;
  const source = reading(
    `Image.debianSlim().runCommands("test \${#HUB_TOKEN} = ${value.length} && echo given > /given", { secrets: [Secret.fromObject({ HUB_TOKEN: process.env.HUB_TOKEN ?? "" })] })`,
    ["/given", "/proc/self/environ"],
  );
  const { printed } = await run(source, { env: { HUB_TOKEN: value } });
  expect(printed[0]).toMatchObject(["given", expect.not.stringContaining(value)]);
  const { stdout } = await promisify(execFile)("sh", [
    "-c",
    'grep -rlF -- "$1" "$2" || true',
    "sh",
    value,
    server.dataDirectory,
  ]);
  expect(stdout).toBe("");
});

test("an image of nothing is refused with what to begin with [B12, D3]", async () => {
  expect(() => new (Image as unknown as new () => Image)()).toThrow(
    expect.objectContaining({ code: "IMAGE_EMPTY", remedy: expect.stringContaining("Image.debianSlim()") }),
  );
  // The server was started again, at another port.
  using connection = await sdkConnection(server.dataDirectory);
  const { modal } = connection;
  const ask = (image: object) => modal.imageGetOrCreate({ image });
  await expect(ask({})).rejects.toThrow(/no steps.*/);
  await expect(ask({ dockerfileCommands: ["  "] })).rejects.toMatchObject({
    remedy: expect.stringContaining("Image.debianSlim()"),
  });
  const buildFunction = { definition: "x" };
  const baseImages = [{ dockerTag: "base", imageId: (await images())[0]?.imageId ?? "" }];
  await expect(ask({ buildFunction, baseImages, dockerfileCommands: ["RUN x"] })).rejects.toThrow(
    /both run commands and call a function/,
  );
  await expect(ask({ buildFunction, baseImages: [...baseImages, ...baseImages] })).rejects.toThrow(
    /one image/,
  );
});

test("Dockerfile lines make the image that Docker makes of them [A6]", async () => {
  const lines = [
    `ARG A=1 B="two words" C`,
    "ARG TARGETARCH TARGETPLATFORM",
    'RUN echo "[$A][$B][$C] $TARGETPLATFORM" > /arg',
    "RUN <<EOF",
    "#!/usr/bin/perl",
    "open(F, '>', '/perl'); print F join('-', 1..3);",
    "EOF",
    "RUN cat <<'EOF' > /python",
    "from pathlib import Path",
    "EOF",
    "COPY --from=debian:bookworm-slim --chmod=u=rw,go= /etc/skel/* /etc/missin[g] /skel/",
    "RUN ls -A /skel > /copied && stat -c %a /skel/.bashrc >> /copied",
  ];
  const files = ["/arg", "/perl", "/python", "/copied"];
  const { printed } = await run(
    reading(`Image.debianSlim().dockerfileCommands(${JSON.stringify(lines)})`, files),
  );
  const platform = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;
  expect(printed).toEqual([
    [
      `[1][two words][] ${platform}`,
      "1-2-3",
      "from pathlib import Path",
      ".bash_logout\n.bashrc\n.profile\n600",
    ],
  ]);
});

const locked = {
  "package.json": `{"name":"locked","version":"1.0.0","private":true,"scripts":{"prepare":"exit 1"},"dependencies":{"is-number":"7.0.0"},"devDependencies":{"left-pad":"1.3.0"}}`,
  "package-lock.json": JSON.stringify({
    name: "locked",
    version: "1.0.0",
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": {
        name: "locked",
        version: "1.0.0",
        dependencies: { "is-number": "7.0.0" },
        devDependencies: { "left-pad": "1.3.0" },
      },
      "node_modules/is-number": { version: "7.0.0" },
      "node_modules/left-pad": { version: "1.3.0", dev: true },
    },
  }),
  "pnpm-lock.yaml": `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      is-number:
        specifier: 7.0.0
        version: 7.0.0
    devDependencies:
      left-pad:
        specifier: 1.3.0
        version: 1.3.0

packages:

  is-number@7.0.0:
    resolution: {integrity: sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==}
    engines: {node: '>=0.12.0'}

  left-pad@1.3.0:
    resolution: {integrity: sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==}

snapshots:

  is-number@7.0.0: {}

  left-pad@1.3.0: {}
`,
};

test.for([
  ["npm", "package-lock.json"],
  ["pnpm", "pnpm-lock.yaml"],
] as const)(
  "%s installs what its lockfile says and development does not need alone, and again only when that changes [B1, B4, A6]",
  async ([manager, lockfile]) => {
    const source = `
import { App, Image } from "dorian";
import { existsSync, readdirSync } from "node:fs";
import isNumber from "is-number";
${printing}
export const app = new App("locked", { image: Image.debianSlim().env({ TRY: "${randomUUID()}" }).npmInstallFrom("package.json", "${lockfile}") });
export const use = app.function({ name: "use" }, async () => [isNumber("5"), existsSync("/root/node_modules/left-pad"), readdirSync("/tmp")]);
app.localEntrypoint(async () => { print(await use.remote()); });
`;
    const first = await run(source, { files: locked });
    expect(first.printed).toEqual([[true, false, []]]);
    expect(first.built.at(-1)?.step).toBe(`${manager} packages of ${lockfile}`);
    const edited = await run(source.replace('isNumber("5")', 'isNumber("x")'), {
      files: { ...locked, "README.md": "x" },
    });
    expect([edited.printed, edited.built]).toEqual([[[false, false, []]], []]);
    const reformatted = JSON.stringify(JSON.parse(locked["package.json"]), null, 2);
    const again = await run(source, { files: { ...locked, "package.json": reformatted } });
    expect(again.built).toEqual([
      { step: `${manager} packages of ${lockfile}`, reason: "the files copied into it changed" },
    ]);
  },
);

test("a Dockerfile is built with its arguments, stages and what it copies; what it would start is not started, and only what it copies counts [B2, B4, B5]", async () => {
  const files = {
    "docker/Dockerfile": [
      // Another try of this test finds nothing that the first one built.
      `# ${randomUUID()}`,
      "ARG RELEASE=bookworm",
      "FROM debian:${RELEASE}-slim AS made",
      "RUN echo made > /made",
      "FROM debian:${RELEASE}-slim",
      "ARG GREETING=hello",
      "COPY --from=made /made /made",
      "COPY data /data",
      'RUN echo "$GREETING from $(cat /made) with $(ls /data)" > /greeting',
      "WORKDIR /srv",
      'ENTRYPOINT ["/bin/false"]',
      'CMD ["nothing"]',
      "",
    ].join("\n"),
    "docker/.dockerignore": "**/*.log\n",
    "docker/data/kept.txt": "kept",
    "docker/data/ignored.log": "ignored",
    "docker/other.txt": "other",
  };
  const source = reading(`Image.fromDockerfile("docker/Dockerfile", { buildArgs: { GREETING: "bye" } })`, [
    "/greeting",
  ]).replace(
    "export const read",
    'export const where = app.function({ name: "where" }, async () => process.cwd());\nexport const read',
  );
  const first = await run(
    source.replace("print(await read", "print(await where.remote()); print(await read"),
    { files },
  );
  expect(first.printed).toEqual(["/srv", ["bye from made with kept.txt"]]);
  expect(stepsOf(first)[0]).toBe("Dockerfile docker/Dockerfile");
  const unrelated = { ...files, "docker/other.txt": "changed", "docker/data/ignored.log": "changed" };
  expect((await run(source, { files: unrelated })).built).toEqual([]);
  const changed = await run(source, { files: { ...files, "docker/data/more.txt": "" } });
  expect(changed.printed).toEqual([["bye from made with kept.txt\nmore.txt"]]);
});

test("containers run as the image's user, in its directory, behind its entry point; lines copy what is local and run in the image's shell [B2]", async () => {
  const image = [
    "Image.debianSlim()",
    '.runCommands("useradd --create-home worker")',
    '.shell(["/bin/bash", "-euc"])',
    '.runCommands("[[ $GREETING == h* ]] && echo $BASH_VERSION > /bash", { env: { GREETING: "hello" } })',
    '.dockerfileCommands(["ARG A=1", "COPY data /data", "RUN echo $A $(ls /data) > /copied"], { contextDir: ".", buildArgs: { A: "2" }, ignore: ["**/*.log"] })',
    '.user("worker").workdir("/home/worker")',
    '.entrypoint(["/bin/sh", "-c", "export BEFORE=$((1 + 1)); exec \\"$@\\"", "sh"])',
  ].join("\n  ");
  const source = `
import { App, Image } from "dorian";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
${printing}
export const app = new App("programs", { image: ${image} });
export const look = app.function({ name: "look" }, async () => ({
  user: userInfo().username, directory: process.cwd(), before: process.env.BEFORE, greeting: process.env.GREETING ?? null,
  files: ["/bash", "/copied"].map((file) => readFileSync(file, "utf8").trim()),
}));
app.localEntrypoint(async () => { print(await look.remote()); });
`;
  const { printed } = await run(source, { files: { "data/a.txt": "", "data/b.log": "" } });
  expect(printed).toEqual([
    {
      user: "worker",
      directory: "/home/worker",
      before: "2",
      greeting: null,
      files: [expect.stringMatching(/^5\./), "2 a.txt"],
    },
  ]);
});

test("Python packages come by uv and pip, from names and lists, each with its options [B1]", async () => {
  const image = [
    withTools,
    '.uvPipInstall("six==1.16.0", { requirements: ["more/requirements.txt"] })',
    '.pipInstallFromRequirements("requirements.txt", { extraOptions: "--no-deps" })',
    '.uvSync("project")',
  ].join("");
  const source = `
import { App, Image } from "dorian";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
${printing}
export const app = new App("pythons", { image: ${image} });
const prefixOf = (python: string) => execFileSync(python, ["-c", "import sys; print(sys.prefix)"], { encoding: "utf8" }).trim();
const versions = (python: string, ...names: string[]) =>
  execFileSync(python, ["-c", "import importlib.metadata as m, sys; print(*[m.version(n) for n in sys.argv[1:]])", ...names], { encoding: "utf8" }).trim();
export const look = app.function({ name: "look" }, async () => [
  versions("/usr/bin/python3", "six", "iniconfig", "idna"), prefixOf("python"), existsSync("/mnt/dorian-uv"),
]);
app.localEntrypoint(async () => { print(await look.remote()); });
`;
  const files = {
    "more/requirements.txt": "iniconfig==2.0.0\n",
    "requirements.txt": "idna==3.10\n",
    "project/pyproject.toml": `[project]\nname = "demo"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n`,
    "project/uv.lock": `version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "demo"\nversion = "0.1.0"\nsource = { virtual = "." }\n`,
  };
  const first = await run(source, { files });
  expect(first.printed).toEqual([["1.16.0 2.0.0 3.10", "/.uv/.venv", false]]);
  expect((await run(source, { files })).built).toEqual([]);
});

test("an image is published under a name, by which and by its id other apps begin with it", async () => {
  const publishing = `
import { App, Image } from "dorian";
${printing}
export const app = new App("publishing");
export const nothing = app.function({ name: "nothing" }, async () => 0);
const base = Image.debianSlim().env({ GREETING: "hello" });
app.localEntrypoint(async () => {
  const tools = base.runCommands("echo v$((0 + 1)) > /tools");
  await tools.publish("tools:v1");
  await tools.publish("tools");
  print(await tools.build());
});
`;
  const [imageId] = (await run(publishing)).printed as string[];
  const listed = (await images()).find((image) => image.imageId === imageId);
  expect(listed?.names.toSorted()).toEqual(["tools:latest", "tools:v1"]);
  const use = (image: string) => `
import { App, Image } from "dorian";
import { readFileSync } from "node:fs";
${printing}
export const app = new App("using", { image: ${image} });
export const read = app.function({ name: "read" }, async () => [readFileSync("/tools", "utf8").trim(), process.env.GREETING]);
app.localEntrypoint(async () => { print(await read.remote()); });
`;
  const named = [`Image.fromName("tools:v1")`, `Image.fromName("tools")`, `Image.fromId("${imageId}")`];
  for (const image of named) expect((await run(use(image))).printed).toEqual([["v1", "hello"]]);
  const more = use(`Image.fromName("tools").runCommands("echo more >> /tools")`);
  expect((await run(more)).printed).toEqual([["v1\nmore", "hello"]]);
  await run(publishing.replace("0 + 1", "1 + 1"));
  expect((await run(more)).printed).toEqual([["v2\nmore", "hello"]]);
  const missing = await runApp(server.dataDirectory, use(`Image.fromName("no-such-image")`));
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("Image 'no-such-image:latest' not found");
});
