import { readdirSync } from "node:fs";
import { join } from "node:path";
import { walkTree } from "@dorian/linux/walk-tree";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testBuilder, type TestBuilder } from "../../test/test-builder.ts";

let builder: TestBuilder;
let build: Awaited<ReturnType<TestBuilder["onBusybox"]>>;

beforeAll(async () => {
  builder = await testBuilder();
  build = await builder.onBusybox();
});

afterAll(() => builder[Symbol.asyncDispose]());

const row = (name: string, count: number) => Array.from({ length: count }, () => name).join("/");

test.each([
  ["more directories than can be open", row("d", 700), row("d", 200), 900],
  ["a path that is longer than the kernel takes", row("d".repeat(150), 20), row("e".repeat(150), 20), 40],
])("COPY goes as deep as directories go: %s [B2]", async (_, first, second, depth) => {
  const { layerIds } = await build(
    `RUN busybox mkdir -p /from/${first} && cd /from/${first} && busybox mkdir -p ${second} && echo leaf > ${second}/leaf`,
    "FROM base",
    "COPY --from=0 /from /to",
  );
  const found = { depth: 0, leaf: 0 };
  await walkTree(
    join(builder.layers.path(layerIds.at(-1) ?? ""), "to"),
    { concurrency: 1 },
    async (entry) => {
      if (entry.kind === "directory") found.depth++;
      else found.leaf = entry.pathBytes;
    },
  );
  expect(found).toEqual({ depth, leaf: first.length + second.length + "//leaf".length });
});

test("a place that no path can name is refused, however it is written [B11]", async () => {
  for (const line of [
    `WORKDIR /${"a/".repeat(200_000)}`,
    `COPY --from=0 /bin /${"c/".repeat(3_000)}`,
    `COPY --from=0 /${"b/../l/".repeat(100_000)} /to`,
  ])
    await expect(build("FROM base", line)).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
});

test("however much a pattern fits, COPY holds none of it open [B16]", async () => {
  const before = readdirSync("/proc/self/fd").length;
  let most = 0;
  const looking = setInterval(() => (most = Math.max(most, readdirSync("/proc/self/fd").length)), 5);
  const { layerIds } = await build(
    "RUN busybox mkdir /from && cd /from && for i in $(busybox seq 300); do echo > $i; done",
    "FROM base",
    "COPY --from=0 /from/* /to/",
  ).finally(() => clearInterval(looking));
  expect(readdirSync(join(builder.layers.path(layerIds.at(-1) ?? ""), "to"))).toHaveLength(300);
  expect(most - before).toBeLessThan(100);
});

test("a pattern that fits more paths than can be held is refused, with what to do [B16]", async () => {
  // Each directory below is a path of its own, as long as it is deep.
  const deep = row("d".repeat(10), 350);
  const dig = `RUN busybox mkdir /x && for i in $(busybox seq 6); do busybox mkdir -p /y/${deep} && busybox mv /x /y/${deep}/x && busybox mv /y /x; done`;
  await expect(build(dig, "FROM base", "COPY --from=0 /x/**/z /to/")).rejects.toMatchObject({
    code: "COPY_TOO_MANY",
  });
});
