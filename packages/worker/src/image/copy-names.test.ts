import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testBuilder, type TestBuilder } from "../../test/test-builder.ts";

let builder: TestBuilder;
let build: Awaited<ReturnType<TestBuilder["onBusybox"]>>;

beforeAll(async () => {
  builder = await testBuilder();
  build = await builder.onBusybox();
});

afterAll(() => builder[Symbol.asyncDispose]());

// `caf` and the byte that Latin-1 has for an accented e, as a file, a directory and where a link leads.
const odd =
  "RUN busybox mkdir /from && cd /from && n=$(busybox printf 'caf\\351') && echo x > file-$n && busybox mkdir dir-$n && echo y > dir-$n/in-$n && busybox ln -s to-$n link";

test("names are copied as they are, also those that are no text", async () => {
  const { layerIds } = await build(odd, "FROM base", "COPY --from=0 /from /to");
  const to = join(builder.layers.path(layerIds.at(-1) ?? ""), "to");
  const names = await readdir(to, { encoding: "latin1" });
  expect(names.toSorted()).toEqual(["dir-caf\u{e9}", "file-caf\u{e9}", "link"]);
  const inner = await readdir(Buffer.concat([Buffer.from(`${to}/dir-caf`), Buffer.of(0xe9)]), {
    encoding: "latin1",
  });
  expect(inner).toEqual(["in-caf\u{e9}"]);
  expect((await lstat(join(to, "link"))).size).toBe("to-caf".length + 1);
});

test("a pattern that such a name fits says what to copy instead", async () => {
  await expect(build(odd, "FROM base", "COPY --from=0 /from/f* /to/")).rejects.toMatchObject({
    code: "COPY_NAME_NOT_TEXT",
    message: "/from/file-caf\u{fffd} has a name that is not UTF-8.",
  });
});

test("a directory is merged into what is there: links to directories are followed, files give way, and no directory does", async () => {
  const make = "RUN busybox mkdir -p /from/a/b /from/c && echo new > /from/a/b/file && echo new > /from/c/x";
  const { layerIds } = await build(
    make,
    "FROM base",
    "RUN busybox mkdir -p /to/real /kept && busybox ln -s real /to/a && busybox chmod 700 /to/real && echo old > /to/real/old",
    "COPY --from=0 /from /to",
  );
  const to = join(builder.layers.path(layerIds.at(-1) ?? ""), "to");
  expect((await readdir(join(to, "real"))).toSorted()).toEqual(["b", "old"]);
  expect((await lstat(join(to, "real"))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(to, "c"))).toEqual(["x"]);
  await expect(
    build(make, "FROM base", "RUN busybox mkdir -p /to && echo file > /to/a", "COPY --from=0 /from /to"),
  ).rejects.toMatchObject({
    code: "COPY_OBSTRUCTED",
    message: expect.stringContaining("/to/a in the image has a file"),
  });
  await expect(
    build(make, "FROM base", "RUN busybox mkdir -p /to/c/x", "COPY --from=0 /from /to"),
  ).rejects.toMatchObject({ code: "COPY_OBSTRUCTED", message: expect.stringContaining("/to/c/x") });
});
