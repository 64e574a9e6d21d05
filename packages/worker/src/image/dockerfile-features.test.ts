import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { lstat, readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { StartBuildSchema } from "@dorian/protocol/worker";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { testBuilder } from "../../test/test-builder.ts";

const run = promisify(execFile);
const platform = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;
let builder: Awaited<ReturnType<typeof testBuilder>>;
let base: string;

beforeAll(async () => {
  builder = await testBuilder({
    operator: { networkBorder: { fetchFrom: ["127.0.0.0/8"], blockedNetworks: [] } },
  });
  base = await builder.busybox();
});
afterAll(() => builder[Symbol.asyncDispose]());

const context = (files: Record<string, string | Buffer>) =>
  Object.entries(files).map(([filename, data]) => ({ filename, data: new Uint8Array(Buffer.from(data)) }));

async function build(
  lines: string[],
  request: Omit<MessageInitShape<typeof StartBuildSchema>, "$typeName"> = {},
) {
  const dockerfile = ["FROM base", ...lines].join("\n");
  const built = await builder.build({ baseLayerIds: [base], baseConfig: {}, ...request, dockerfile });
  return { ...built, root: builder.layers.path(built.layerIds[0] ?? base) };
}

test("RUN --mount binds files of the context and of stages, and keeps caches and secrets out of the image", async () => {
  const built = await build(
    [
      "RUN echo first > /from-stage",
      "FROM base AS second",
      "RUN --mount=type=bind,source=in.txt,target=/bound --mount=type=tmpfs,target=/scratch cp /bound /copied && echo x > /scratch/x",
      "RUN --mount=type=bind,from=0,source=/from-stage,target=/bound cat /bound > /stage-copy",
      "RUN --mount=type=cache,target=/cache echo kept > /cache/f",
      "RUN --mount=type=cache,target=/cache cp /cache/f /from-cache",
      "RUN --mount=type=secret,id=TOKEN cp /run/secrets/TOKEN /tmp/seen && cmp /run/secrets/TOKEN /tmp/seen && rm /tmp/seen",
      "RUN --mount=type=secret,id=TOKEN,env=RENAMED test $RENAMED = secret-4711",
      "RUN --mount=type=secret,id=ABSENT test ! -e /run/secrets/ABSENT",
    ],
    { contextFiles: context({ "/in.txt": "from the context\n" }), secretEnv: { TOKEN: "secret-4711" } },
  );
  const files = (await readdir(built.root, { recursive: true })).toSorted();
  expect(files.filter((file) => !file.startsWith("tmp"))).toEqual(["copied", "from-cache", "stage-copy"]);
  expect(await readFile(join(built.root, "copied"), "utf8")).toBe("from the context\n");
  expect(await readFile(join(built.root, "stage-copy"), "utf8")).toBe("first\n");
  expect(await readFile(join(built.root, "from-cache"), "utf8")).toBe("kept\n");
});

test("an image whose layers are there already is laid over what changed since; the server's Node is there once", async () => {
  const node = "COPY --from=dorian/node:24 / /";
  const built = await build([
    "FROM base AS first",
    "RUN echo first > /file && echo first > /gone",
    "FROM first AS second",
    "RUN echo second > /file && rm /gone",
    "COPY --from=first / /",
    "RUN test $(cat /file) = first && test -e /gone",
    node,
    "RUN echo after > /after",
    node,
  ]);
  expect(new Set(built.layerIds).size).toBe(built.layerIds.length);
  const lastId = built.layerIds.at(-1) ?? "";
  expect(await readFile(join(builder.layers.path(lastId), "after"), "utf8")).toBe("after\n");
});

test("a secret that a step requires and nobody gave is named", async () => {
  await expect(build(["RUN --mount=type=secret,id=TOKEN,required=true true"])).rejects.toThrow(
    'The build has no secret "TOKEN".',
  );
});

test("files can be written in the Dockerfile, with variables unless their name is quoted", async () => {
  const built = await build([
    "ENV A=1",
    "COPY <<run.sh <<'plain' /made/",
    'echo "$A ${B:-2}" it\'s',
    "run.sh",
    "$A stays",
    "plain",
  ]);
  expect(await readFile(join(built.root, "made/run.sh"), "utf8")).toBe('echo "1 2" it\'s\n');
  expect(await readFile(join(built.root, "made/plain"), "utf8")).toBe("$A stays\n");
});

test("ADD unpacks archives of the context, fetches addresses, and checks what it fetched", async () => {
  await using tree = await temporaryDirectory({ "bin/tool": "#!/bin/sh\n", "deep/er/file": "x" });
  const archive = join(tree.path, "a.tar.gz");
  await run("tar", ["-czf", archive, "-C", tree.path, "bin", "deep"]);
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/dir/tool.bin" ? 200 : 404).end("fetched");
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const checksum = `sha256:${createHash("sha256").update("fetched").digest("hex")}`;
  const contextFiles = context({ "/a.tar.gz": await readFile(archive), "/plain.txt": "plain" });
  const built = await build(
    [
      "ADD a.tar.gz /opt/",
      "ADD plain.txt /opt/",
      "COPY a.tar.gz /copied/",
      `ADD --checksum=${checksum} ${address}/dir/tool.bin /usr/bin/`,
      `ADD --chmod=755 ${address}/dir/tool.bin /usr/bin/renamed`,
    ],
    { contextFiles },
  );
  expect((await readdir(join(built.root, "opt"))).toSorted()).toEqual(["bin", "deep", "plain.txt"]);
  expect(await readdir(join(built.root, "copied"))).toEqual(["a.tar.gz"]);
  expect(await readFile(join(built.root, "usr/bin/tool.bin"), "utf8")).toBe("fetched");
  expect((await lstat(join(built.root, "usr/bin/renamed"))).mode & 0o777).toBe(0o755);
  await expect(build([`ADD --checksum=sha256:${"0".repeat(64)} ${address}/dir/tool.bin /x`])).rejects.toThrow(
    `has the checksum ${checksum}`,
  );
  await expect(build([`ADD ${address}/none /x`])).rejects.toThrow("it answered with status 404");
  const cut = (await readFile(archive)).subarray(0, -20);
  await expect(
    build(["ADD bad.tar.gz /x"], { contextFiles: context({ "/bad.tar.gz": cut }) }),
  ).rejects.toThrow("bad.tar.gz cannot be unpacked");
  // What an archive is says its content, not its name.
  const others = await build(["ADD none.tar.gz data /x/", "ADD data.gz /x/"], {
    contextFiles: context({
      "/none.tar.gz": "no archive",
      "/data": await readFile(archive),
      "/data.gz": gzipSync("plain"),
    }),
  });
  expect((await readdir(join(others.root, "x"))).toSorted()).toEqual([
    "bin",
    "data.gz",
    "deep",
    "none.tar.gz",
  ]);
});

/** Each line of lines, and what it leaves in /out. */
const examples: Record<string, { lines: string[]; out: string }> = {
  "several arguments in one ARG": {
    lines: [`ARG A=1 B="two words" C D=$A-x`, 'RUN echo "[$A][$B][$C][$D]" > /out'],
    out: "[1][two words][][-x]",
  },
  "arguments of the platform": {
    lines: [
      "ARG TARGETARCH TARGETOS",
      "ARG TARGETPLATFORM",
      "ARG BUILDPLATFORM=mine",
      "RUN echo $TARGETOS/$TARGETARCH $TARGETPLATFORM $BUILDPLATFORM [$BUILDARCH] > /out",
    ],
    out: `${platform} ${platform} mine []`,
  },
  "an argument's scope ends with its stage, and what is built on the stage has it": {
    lines: [
      "ARG A=of-base",
      "FROM base AS one",
      "ARG A=one",
      "ENV E=$A",
      "FROM one AS two",
      "RUN echo two: $A $E > /out",
      "FROM base",
      "COPY --from=two /out /out",
      "ARG A",
      "RUN echo other: $A$E >> /out",
    ],
    out: "two: one one\nother:",
  },
  "several variables in one ENV, with what they were before": {
    lines: [
      "ENV abc=hello",
      `ENV abc=bye def=$abc Q='$x' S="a b" T=a\\ b`,
      "ENV old some  value with = in it",
      `RUN echo "$abc|$def|$Q|$S|$T|$old" > /out`,
    ],
    out: "bye|hello|$x|a b|a b|some  value with = in it",
  },
  substitutions: {
    lines: [
      "ENV f=/a/b.tar.gz",
      'ENV r="${f##*/}|${f%.gz}|${f//\\//_}|${u:-none}|${f:+set}"',
      'RUN echo "$r" > /out',
    ],
    out: "b.tar.gz|/a/b.tar|_a_b.tar.gz|none|set",
  },
  "working directories count from each other, and belong to the user": {
    lines: [
      "WORKDIR /a",
      'WORKDIR "b c"',
      "USER 12:34",
      "WORKDIR d",
      "USER root",
      "RUN echo $(pwd) $(stat -c %u:%g . ..) > /out",
    ],
    out: "/a/b c/d 12:34 0:0",
  },
  "a here-document with a line that says what runs it": {
    lines: [
      "RUN <<EOF",
      "#!/bin/cat",
      "is the program's input",
      "EOF",
      "RUN <<-'X y'",
      "\t#!/bin/sh -e",
      "\techo $0 > /out",
      "X y",
    ],
    out: "/run/dorian/script",
  },
  "here-documents that look like instructions": {
    lines: [
      "RUN cat <<'EOF' > /out",
      "from pathlib import Path",
      "RUN $nothing \\",
      "# kept",
      "EOF",
      "RUN <<one cat > /two; cat <<three >> /out",
      "1",
      "one",
      "3 $((1 << 2))",
      "three",
      "RUN cat /two >> /out",
    ],
    out: "from pathlib import Path\nRUN $nothing \\\n# kept\n3 4\n1",
  },
  "here-documents of COPY": {
    lines: [
      "ENV V=v",
      'COPY --chmod=u=rwx,go=x <<-"a.txt" <<b-2.txt /d/',
      "\t$V 'x'",
      "a.txt",
      'it\'s "$V" \\$V',
      "b-2.txt",
      "RUN cat /d/* > /out && stat -c '%n %a' /d/* >> /out",
    ],
    out: `$V 'x'\nit's "v" $V\n/d/a.txt 711\n/d/b-2.txt 711`,
  },
  "patterns take hidden names, and one without a match is no mistake beside others": {
    lines: [
      "RUN mkdir /skel && touch /skel/.a /skel/b",
      "FROM base",
      "COPY --from=0 /skel/* /skel/no* /etc/missin[g] /to/",
      "RUN ls -A /to | tr '\\n' ' ' > /out",
    ],
    out: ".a b",
  },
  "modes as changes": {
    lines: [
      "RUN mkdir -p /s/d && echo > /s/x && echo > /s/d/y && chmod 700 /s/x && chmod 604 /s/d/y && chmod 750 /s/d",
      "FROM base",
      "COPY --from=0 --chmod=go=u-w,a+X /s /t/",
      "RUN cd /t && stat -c '%n %a' x d d/y > /out",
    ],
    out: "x 755\nd 755\nd/y 644",
  },
  "continued lines, with comments and blanks among them": {
    lines: ["RUN echo one \\  ", "  # a comment", "", "  && echo \\", "  two > /out \\", "# the end"],
    out: "two",
  },
  "lists and lines for the shell": {
    lines: [
      `RUN ["sh", "-c", "echo $HOME '$x' > /out"]`,
      `SHELL ["/bin/sh", "-ec"]`,
      "RUN case $- in *e*) echo strict >> /out ;; esac",
    ],
    out: "/root $x\nstrict",
  },
  "what a mount of a step belongs to": {
    lines: [
      "RUN mkdir -m 777 /w",
      "USER 12:34",
      "RUN --mount=type=cache,target=/c,uid=12,gid=34,mode=0700 --mount='type=secret,id=KEY,uid=12' touch /c/x && stat -c %a:%u:%g /c > /w/o && cat /run/secrets/KEY >> /w/o",
      "USER 0",
      "RUN mv /w/o /out",
    ],
    out: "700:12:34\ntoken",
  },
  "a directory for a volume": {
    lines: [
      'VOLUME ["/data/one", "/data/two"]',
      "VOLUME $HOME/v /w",
      "RUN ls -d /data/one /data/two /w > /out",
    ],
    out: "/data/one\n/data/two\n/w",
  },
  "what only describes an image": {
    lines: [
      'LABEL a=b c="d e"',
      "EXPOSE 80/tcp 443",
      "STOPSIGNAL SIGINT",
      "HEALTHCHECK CMD true",
      "MAINTAINER me",
      "RUN echo done > /out",
    ],
    out: "done",
  },
  "a file from Windows": {
    lines: ["ARG A=1\r", "RUN echo \\\r", "  $A > /out\r", "RUN cat <<E >> /out\r", "2\r", "E\r"],
    out: "1\n2",
  },
};

test.each(Object.entries(examples))("Dockerfiles do as Docker does: %s", async (_, { lines, out }) => {
  const built = await build(lines, { secretEnv: { KEY: "token" } });
  const layers = built.layerIds.map((layerId) => join(builder.layers.path(layerId), "out"));
  const found = await Promise.all(layers.map((path) => readFile(path, "utf8").catch(() => undefined)));
  expect(found.findLast((text) => text !== undefined)?.trim()).toBe(out);
});

test("another escape character stands for what the backslash does", async () => {
  const dockerfile = [
    "# syntax=any/thing",
    "# escape=`",
    "FROM base",
    "ENV A=\\x`$y",
    'RUN echo "$A" `',
    " > /out",
  ].join("\n");
  const built = await builder.build({ baseLayerIds: [base], baseConfig: {}, dockerfile });
  expect(await readFile(join(builder.layers.path(built.layerIds[0] ?? ""), "out"), "utf8")).toBe("\\x$y\n");
});

test.each([
  [["RUN true", "FROM --platform=linux/riscv64 base"], "Line 3", "linux/riscv64"],
  [['ENV A="${B?no B}"'], "Line 2", "no B"],
  [["ENV A=${B^^}"], "Line 2", "${B^^}"],
  [["COPY none* /x/"], "none*", "not among"],
  [["COPY --chmod=rwx /bin/sh /x/"], "--chmod=rwx", "not understood"],
  [["WORKDIR $NOTHING"], "Line 2", "names no directory"],
  [["USER nobody-here", "WORKDIR /x"], "nobody-here", "/etc/passwd"],
])("what would make another image than Docker's is refused: %j", async (lines, ...words) => {
  const failure = await build(lines, { contextFiles: context({ "/a": "" }) }).catch(
    (error: unknown) => error,
  );
  for (const word of words) expect((failure as Error).message).toContain(word);
});

test("an entrypoint of its own ends the base image's command, and platforms are this machine's", async () => {
  const baseConfig = { cmd: ["serve"], entrypoint: ["old"] };
  const config = async (...lines: string[]) => (await build([...lines], { baseConfig })).config;
  expect(await config('ENTRYPOINT ["new"]')).toMatchObject({ entrypoint: ["new"], cmd: [] });
  expect(await config('CMD ["x"]', 'ENTRYPOINT ["new"]')).toMatchObject({ cmd: ["x"] });
  expect(await config("ENTRYPOINT []", "CMD a $B")).toMatchObject({
    entrypoint: [],
    cmd: ["/bin/sh", "-c", "a $B"],
  });
  expect(
    await config("FROM --platform=$BUILDPLATFORM base AS x", `FROM --platform=${platform} x`),
  ).toMatchObject({});
});
