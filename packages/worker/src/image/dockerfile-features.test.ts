import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { lstat, readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { StartBuildSchema } from "@dorian/protocol/worker";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { testBuilder } from "./test-builder.ts";

const run = promisify(execFile);
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
  await expect(
    build(["ADD bad.tar.gz /x"], { contextFiles: context({ "/bad.tar.gz": "no archive" }) }),
  ).rejects.toThrow("bad.tar.gz cannot be unpacked");
});
