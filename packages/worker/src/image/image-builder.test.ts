import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ScriptedRegistry, tarOf } from "@dorian/testkit/scripted-registry";
import { testBuilder } from "../../test/test-builder.ts";

let builder: Awaited<ReturnType<typeof testBuilder>>;
let base: string;
let known: string[];

beforeAll(async () => {
  builder = await testBuilder({
    operator: { networkBorder: { fetchFrom: ["127.0.0.0/8"], blockedNetworks: [] } },
  });
  base = await builder.busybox();
  known = [base];
});
afterAll(() => builder[Symbol.asyncDispose]());

const onBase = (lines: string) => ({
  baseLayerIds: [base],
  baseConfig: {},
  dockerfile: `FROM base\n${lines}`,
});
const layerPath = (built: { layerIds: string[] }, path = "") =>
  join(builder.layers.path(built.layerIds[0] ?? ""), path);

async function succeed(request: Parameters<typeof builder.build>[0]) {
  const built = await builder.build(request);
  known.push(...built.layerIds);
  return built;
}

test("all steps of one definition become one layer on the base, which holds just what they wrote [B2]", async () => {
  const built = await succeed(onBase("RUN echo 1 > /one\nRUN cat /one > /two && rm /bin/nc\nENV A=1"));
  expect(built.layerIds).toHaveLength(1);
  expect((await readdir(layerPath(built))).toSorted()).toEqual(["bin", "one", "two"]);
  expect((await lstat(layerPath(built, "bin/nc"))).isCharacterDevice()).toBe(true);
  expect(built.bytes).toBe(4);
  expect(await builder.leftovers(known)).toEqual([]);
});

test("a definition that writes nothing adds no layer", async () => {
  const built = await succeed(onBase('ENV A=1\nRUN true\nCMD ["x"]'));
  expect(built.layerIds).toEqual([]);
  expect(built.config).toMatchObject({ env: { A: "1" }, cmd: ["x"] });
});

test("RUN steps see volumes; what they write there is committed when all have succeeded, and is not in the image [D4]", async () => {
  const withVolume = (lines: string) => ({
    ...onBase(lines),
    volumes: [{ volumeId: "vo-1", mountPath: "/data/volume", head: builder.volumeHead("vo-1") }],
  });
  const first = await succeed(withVolume("RUN echo 1 > /data/volume/n\nRUN cp /data/volume/n /copy"));
  expect(await readdir(layerPath(first), { recursive: true })).toEqual(["copy"]);
  const [committed = ""] = builder.volumeHead("vo-1").layerIds;
  known.push(committed);
  expect(await readFile(join(builder.layers.path(committed), "n"), "utf8")).toBe("1\n");

  await expect(builder.build(withVolume("RUN echo 2 > /data/volume/n\nRUN false"))).rejects.toThrow("code 1");
  expect(builder.volumeHead("vo-1").version).toBe(1n);
  const second = await succeed(withVolume("RUN cp /data/volume/n /copy"));
  expect(await readFile(layerPath(second, "copy"), "utf8")).toBe("1\n");
  expect(await builder.leftovers(known)).toEqual([]);
});

test("ENV, WORKDIR, USER, SHELL, ENTRYPOINT and ARG reach the steps and the configuration", async () => {
  const built = await succeed({
    ...onBase(
      [
        "ARG NAME=one",
        "ENV GREETING=hello-$NAME PATH=/opt:$PATH",
        "WORKDIR /srv",
        "WORKDIR app",
        "RUN echo $GREETING $PWD $HOME $DEBIAN_FRONTEND $PATH > out",
        'SHELL ["/bin/sh", "-ec"]',
        "USER 7:8",
        "RUN id -u > /tmp/id || true; touch /vol/x 2>/dev/null || echo refused",
        'ENTRYPOINT ["/e"]',
        "CMD run it",
      ].join("\n"),
    ),
    buildArgs: { NAME: "two" },
    baseConfig: { env: { OLD: "kept" }, user: "" },
  });
  expect(await readFile(layerPath(built, "srv/app/out"), "utf8")).toMatch(
    /^hello-two \/srv\/app \/root noninteractive \/opt:\/usr\/local\/sbin:/,
  );
  expect(built.log).toContain("refused");
  expect(built.config).toMatchObject({
    env: { OLD: "kept", GREETING: "hello-two" },
    workdir: "/srv/app",
    user: "7:8",
    shell: ["/bin/sh", "-ec"],
    entrypoint: ["/e"],
    cmd: ["/bin/sh", "-ec", "run it"],
  });
});

test("output arrives while its step still runs, from both streams [B7]", async () => {
  const seen: { stream: string; text: string; at: number }[] = [];
  const startedAtMs = performance.now();
  await builder.build(onBase("RUN echo first; echo second >&2; sleep 1; printf 'no newline'"), {
    onLog: (stream, text) => seen.push({ stream, text, at: performance.now() - startedAtMs }),
  });
  const tookMs = performance.now() - startedAtMs;
  const find = (text: string) => seen.find((line) => line.text.includes(text) && !line.text.startsWith("=>"));
  expect(find("first")).toMatchObject({ stream: "stdout" });
  expect(find("second")).toMatchObject({ stream: "stderr" });
  expect(find("no newline")).toBeDefined();
  expect(tookMs - (find("first")?.at ?? tookMs)).toBeGreaterThan(900);
});

test("a failing step fails the build with its text and code, and nothing of it stays [B8, B10]", async () => {
  const build = builder.build(onBase("RUN echo kept > /x\nRUN echo why; exit 3"));
  await expect(build).rejects.toMatchObject({
    code: "BUILD_STEP_FAILED",
    message: '"RUN echo why; exit 3" ended with code 3.',
  });
  expect(await builder.leftovers(known)).toEqual([]);
});

test("a cancelled build kills its container with all processes and leaves nothing mounted [B10]", async () => {
  const abort = new AbortController();
  const mark = `31${process.pid}`;
  const build = builder.build(onBase(`RUN (sleep ${mark} &) ; echo started; sleep ${mark}`), {
    onLog: (_, text) => {
      if (text.startsWith("started")) abort.abort(new Error("cancelled by the user"));
    },
    signal: abort.signal,
  });
  await expect(build).rejects.toThrow("cancelled by the user");
  expect(await builder.leftovers(known)).toEqual([]);
  expect(await commandLines()).not.toContain(`sleep\0${mark}`);
});

test("a build past its limit ends with advice to give it longer [B8]", async () => {
  const build = builder.build({ ...onBase("RUN sleep 60"), timeoutSecs: 1 });
  await expect(build).rejects.toMatchObject({
    code: "BUILD_TIMED_OUT",
    status: "DEADLINE_EXCEEDED",
    remedy: "Give the step a longer timeout.",
  });
  expect(await builder.leftovers(known)).toEqual([]);
});

test("an aborted build does not begin", async () => {
  const build = builder.build(onBase("RUN true"), { signal: AbortSignal.abort(new Error("too late")) });
  await expect(build).rejects.toThrow("too late");
});

test("secrets are in the environment of steps and in no file of the image [B11]", async () => {
  const secret = `s3cret-${process.pid}`;
  const built = await succeed({
    ...onBase('RUN test "$TOKEN" = "$EXPECTED" && echo ok > /done'),
    secretEnv: { TOKEN: secret, EXPECTED: secret },
  });
  expect(await filesWith(layerPath(built), secret)).toEqual([]);
  expect(JSON.stringify(built.config.env)).not.toContain(secret);
});

test("COPY takes files of the context mount and of the definition, with patterns, owners and modes", async () => {
  await using draft = await builder.layers.draft();
  const { mkdir, writeFile, symlink } = await import("node:fs/promises");
  await mkdir(join(draft.path, "app/empty"), { recursive: true });
  await writeFile(join(draft.path, "app/main.py"), "main", { mode: 0o755 });
  await writeFile(join(draft.path, "app/b.txt"), "b");
  await symlink("main.py", join(draft.path, "app/link"));
  const context = await draft.seal({ durable: false });
  known.push(context);
  const built = await succeed({
    ...onBase(
      [
        "COPY /requirements.txt /requirements.txt",
        "COPY app /app",
        "COPY --chown=5:6 --chmod=600 app/*.txt requirements.txt /many/",
        "WORKDIR /rel",
        "COPY app/main.py .",
        "COPY app/main.py sub/other.py",
        "RUN cat /requirements.txt /app/link",
      ].join("\n"),
    ),
    contextLayerId: context,
    contextFiles: [{ filename: "/requirements.txt", data: Buffer.from("numpy\n") }],
  });
  expect(built.log).toContain("numpy\nmain");
  expect((await readdir(layerPath(built, "app"))).toSorted()).toEqual(["b.txt", "empty", "link", "main.py"]);
  expect((await lstat(layerPath(built, "app/link"))).isSymbolicLink()).toBe(true);
  expect((await lstat(layerPath(built, "app/main.py"))).mode & 0o777).toBe(0o755);
  const many = await lstat(layerPath(built, "many/b.txt"));
  expect([many.uid, many.gid, many.mode & 0o777]).toEqual([5, 6, 0o600]);
  expect((await readdir(layerPath(built, "many"))).toSorted()).toEqual(["b.txt", "requirements.txt"]);
  expect((await readdir(layerPath(built, "rel"))).toSorted()).toEqual(["main.py", "sub"]);
  await expect(builder.build(onBase("COPY nothing /x"))).rejects.toMatchObject({
    code: "COPY_SOURCE_MISSING",
  });
});

test("COPY writes only below the image's root, whatever links the image has", async () => {
  const mark = `dorian-escape-${process.pid}`;
  const built = await succeed({
    ...onBase(`RUN ln -s /tmp /out\nCOPY /f /out/${mark}`),
    contextFiles: [{ filename: "/f", data: Buffer.from("x") }],
  });
  expect(await readFile(layerPath(built, `tmp/${mark}`), "utf8")).toBe("x");
  await expect(lstat(join("/tmp", mark))).rejects.toThrow("ENOENT");
});

test("images of a registry can be built on, copied from and stacked", async () => {
  await using registry = await ScriptedRegistry.open();
  const tool = await tarOf([
    { name: "uv", content: "#!/bin/sh\necho uv runs\n", mode: 0o755 },
    { name: "etc/", type: "directory" },
    { name: "etc/passwd", content: "root:x:0:0::/root:/bin/sh\nme:x:50:51::/home/me:/bin/sh\n" },
  ]);
  await registry.push("tool", "1", { layers: [{ tar: tool }], config: { Env: ["FROM_TOOL=1"] } });
  const image = `${registry.host}/tool:1`;
  const copied = await succeed(onBase(`COPY --from=${image} /uv /usr/bin/\nRUN /usr/bin/uv`));
  expect(copied.log).toContain("uv runs");
  expect(copied.config.env).toEqual({});
  const stacked = await succeed(
    onBase(`RUN echo > /before\nCOPY --from=${image} / /\nUSER me\nRUN echo $HOME; id -g; /uv`),
  );
  expect(stacked.layerIds).toHaveLength(2);
  expect(stacked.log).toMatch(/\/home\/me\n51\nuv runs/);
  const on = await succeed({ dockerfile: `FROM ${image}\nENV X=2` });
  expect(on.layerIds).toHaveLength(1);
  expect(on.config.env).toEqual({ FROM_TOOL: "1", X: "2" });
  expect(registry.requests.filter((request) => request.includes("/manifests/1"))).toHaveLength(1);
});

test("stages build on and copy from one another, and only the last one's layers stay", async () => {
  const built = await succeed(
    onBase(
      "RUN echo made > /made\nFROM scratch AS middle\nCOPY --from=0 /made /m\nFROM base\nCOPY --from=middle /m /final",
    ),
  );
  expect(built.layerIds).toHaveLength(1);
  expect(await readFile(layerPath(built, "final"), "utf8")).toBe("made\n");
  expect(await builder.leftovers(known)).toEqual([]);
});

test("Node, npm and npx of this machine come as one layer of their own", async () => {
  const built = await builder.build(onBase("COPY --from=dorian/node:24 / /"));
  known.push(...built.layerIds);
  expect(built.layerIds).toHaveLength(1);
  const again = await builder.build(onBase("COPY --from=dorian/node:24 / /\nENV A=1"));
  expect(again.layerIds).toEqual(built.layerIds);
  expect((await readdir(layerPath(built, "usr/local/bin"))).toSorted()).toEqual(["node", "npm", "npx"]);
  await expect(builder.build(onBase("COPY --from=dorian/node:18 / /"))).rejects.toMatchObject({
    code: "NODE_VERSION_UNAVAILABLE",
  });
});

async function commandLines(): Promise<string> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.join("\n");
}

async function filesWith(root: string, text: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.name.includes(text)) found.push(entry.name);
    if (!entry.isFile()) continue;
    const content = await readFile(join(entry.parentPath, entry.name));
    if (content.includes(text)) found.push(join(entry.parentPath, entry.name));
  }
  return found;
}

const random = (name: string) => `RUN head -c 16 /dev/urandom | md5sum > /${name}`;
const contentOf = async (built: { layerIds: string[] }, name: string) =>
  await readFile(join(builder.layers.path(built.layerIds.at(-1) ?? ""), name), "utf8");

test("of a build that fails, is cancelled or times out each finished step stays, and the next one begins after them [L17]", async () => {
  const steps = `${random("one")}\nWORKDIR /work\nENV A=1\n${random("two")}\nRUN echo $A > three\n`;
  await expect(builder.build(onBase(`${steps}RUN false`))).rejects.toThrow("code 1");
  expect(await builder.leftovers(known)).toEqual([]);
  const seen: string[] = [];
  const abort = new AbortController();
  const cancelled = builder.build(onBase(`${steps}RUN echo begun && sleep 60`), {
    signal: abort.signal,
    onLog(_stream, text) {
      seen.push(text);
      if (text === "begun\n") abort.abort(new Error("enough"));
    },
  });
  await expect(cancelled).rejects.toThrow("enough");
  expect(seen.filter((text) => text.includes("Done before"))).toHaveLength(3);
  const slow = builder.build({ ...onBase(`${steps}RUN sleep 60`), timeoutSecs: 2 });
  await expect(slow).rejects.toThrow("limit of 2 s");

  const first = await succeed(onBase(`${steps}RUN cat /one`));
  const second = await succeed(onBase(`${steps}RUN rm /one && cat /two`));
  expect(first.layerIds).toHaveLength(1);
  expect(first.log).toContain(await contentOf(first, "one"));
  expect(second.log).toContain(await contentOf(first, "two"));
  expect((await readdir(layerPath(second))).toSorted()).toEqual(["one", "two", "work"]);
  expect((await lstat(layerPath(second, "one"))).isCharacterDevice()).toBe(true);
  expect(await contentOf(second, "work/three")).toBe("1\n");
  expect(await builder.leftovers(known)).toEqual([]);
});

test("a step is done again when anything that it depends on is another, and by a build that must do all itself [L17]", async () => {
  const built = async (lines: string, more: object = {}) => {
    const made = await succeed({ ...onBase(lines), ...more });
    return (await contentOf(made, "x")).trim();
  };
  const plain = await built(random("x"));
  expect(await built(random("x"))).toBe(plain);
  const others = [
    await built(`ENV A=1\n${random("x")}`),
    await built(`ENV A=2\n${random("x")}`),
    await built(`ARG A=2\n${random("x")}`),
    await built(`RUN true > /y\n${random("x")}`),
    await built(`WORKDIR /work\n${random("x")}`),
    await built(`WORKDIR /work\nWORKDIR /\n${random("x")}`),
    await built(`SHELL ["/bin/sh", "-ec"]\n${random("x")}`),
    await built(random("x"), { secretEnv: { TOKEN: "1" } }),
    await built(random("x"), { secretEnv: { TOKEN: "2" } }),
    await built(random("x"), { stepScope: "im-1" }),
  ];
  expect(new Set([plain, ...others]).size).toBe(others.length + 1);
  // Its own earlier try is its own.
  expect(await built(random("x"), { stepScope: "im-1" })).toBe(others.at(-1));
  expect(await built(random("x"), { secretEnv: { TOKEN: "2" } })).toBe(others.at(-2));
});

test("finished steps of earlier stages stay, and copies are done again when what they copy changes [L17]", async () => {
  const context = (content: string) => ({
    contextFiles: [{ filename: "/code.txt", data: Buffer.from(content) }],
  });
  const lines = (last: string) => `FROM base AS tools
${random("tool")}
FROM base
COPY --from=tools /tool /copied
RUN cat /copied
COPY code.txt /code.txt
RUN cat /code.txt
${last}`;
  const request = (content: string, last: string) => ({
    ...onBase(""),
    dockerfile: lines(last),
    ...context(content),
  });
  await expect(builder.build(request("one", "RUN false"))).rejects.toThrow("code 1");
  const again = await succeed(request("one", "RUN true"));
  expect(again.log.match(/Done before/g)).toHaveLength(5);
  const changed = await succeed(request("two", "RUN true"));
  expect(changed.log.match(/Done before/g)).toHaveLength(3);
  expect(await contentOf(changed, "copied")).toBe(await contentOf(again, "copied"));
  expect(await contentOf(changed, "code.txt")).toBe("two");
  expect(await builder.leftovers(known)).toEqual([]);
});

test("a build that writes to a volume does all of its steps: what an earlier one wrote there did not count", async () => {
  const withVolume = (last: string) => ({
    ...onBase(`RUN echo 1 > /data/n\nRUN ${last}`),
    volumes: [{ volumeId: "vo-steps", mountPath: "/data", head: builder.volumeHead("vo-steps") }],
  });
  await expect(builder.build(withVolume("false"))).rejects.toThrow("code 1");
  expect(builder.volumeHead("vo-steps").version).toBe(0n);
  await succeed(withVolume("true"));
  const [committed = ""] = builder.volumeHead("vo-steps").layerIds;
  known.push(committed);
  expect(await readdir(builder.layers.path(committed))).toEqual(["n"]);
});
