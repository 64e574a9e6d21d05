import { chown, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { testBuilder } from "../../test/test-builder.ts";
import type { UserNamespaceMode } from "../user-namespace/open-user-namespaces.ts";

async function set(userNamespaces: UserNamespaceMode) {
  const builder = await testBuilder({ userNamespaces });
  onTestFinished(() => builder[Symbol.asyncDispose]());
  const base = await builder.busybox();
  const contextFiles = [{ filename: "mine", data: Buffer.from("mine") }];
  return {
    build: (steps: string, more: object = {}) =>
      builder.build({
        baseLayerIds: [base],
        baseConfig: {},
        contextFiles,
        dockerfile: `FROM base\n${steps}`,
        ...more,
      }),
    ownersIn: async (layerId: string | undefined, ...paths: string[]) => {
      const stats = await Promise.all(
        paths.map((path) => stat(join(builder.layers.path(layerId ?? ""), path))),
      );
      return stats.map(({ uid, gid }) => `${uid}:${gid}`);
    },
    directories: builder.directories,
  };
}

test("root in a step is nobody on the machine, and what it writes belongs to whom it says in the layer [B14]", async () => {
  const { build, ownersIn } = await set("on");
  const { layerIds, log } = await build(
    [
      "COPY --chown=33:33 mine /copied",
      "RUN cat /proc/self/uid_map && stat -c 'seen as %u' /copied && touch /of-root",
      "RUN touch /of-user /foreign && busybox chown 1000:1001 /of-user && busybox chown 197609:197121 /foreign",
      "COPY --chown=197609:5 mine /copied-later",
      "RUN stat -c 'later seen as %u' /copied-later && busybox chown 7:7 /copied && echo more >> /copied-later",
    ].join("\n"),
  );
  const [, first = "", size = ""] = /^\s+0\s+(\d+)\s+(\d+)$/m.exec(log) ?? [];
  expect(Number(first)).toBeGreaterThanOrEqual(0x4000_0000);
  expect(Number(size)).toBe(2 ** 24);
  expect(log).toContain("seen as 33\n");
  expect(log).toContain("later seen as 197609\n");
  const paths = ["of-root", "of-user", "foreign", "copied", "copied-later", "."];
  const owners = ["0:0", "1000:1001", "197609:197121", "7:7", "197609:5", "0:0"];
  expect(await ownersIn(layerIds.at(-1), ...paths)).toEqual(owners);
});

test("what steps are given by --mount belongs to their root, and stages are seen with their owners [B14]", async () => {
  const { build } = await set("on");
  const steps = [
    "RUN touch /first && busybox chown 44:44 /first",
    "FROM base AS second",
    "RUN mkdir /kept && echo kept > /kept/file && busybox chown 45:45 /kept/file && chmod 600 /kept/file",
    "FROM base",
    "RUN --mount=type=cache,target=/cache stat -c 'cache of %u' /cache && touch /cache/x && stat -c 'made by %u' /cache/x",
    "RUN --mount=type=tmpfs,target=/t touch /t/x && stat -c 'tmpfs of %u' /t",
    "RUN --mount=type=secret,id=KEY cat /run/secrets/KEY",
    "RUN --mount=type=bind,from=second,target=/s stat -c 'bound of %u' /s/kept/file && cat /s/kept/file",
    "RUN --mount=type=bind,from=second,source=/kept,target=/w,rw echo more > /w/file && stat -c 'copy of %u' /w/file",
    "RUN --mount=type=bind,target=/ctx cat /ctx/mine",
  ];
  const { log } = await build(steps.join("\n").replaceAll("chmod", "busybox chmod"), {
    secretEnv: { KEY: "secret!" },
  });
  for (const line of [
    "cache of 0",
    "made by 0",
    "tmpfs of 0",
    "secret!",
    "bound of 45",
    "kept",
    "copy of 0",
    "mine",
  ])
    expect(log).toContain(line);
});

test("a file of the machine that only its root may read is out of a step's reach, even if it was mounted [B14]", async () => {
  const place = await mkdtemp(join(tmpdir(), "dorian-secret-"));
  onTestFinished(() => rm(place, { recursive: true }));
  await writeFile(join(place, "secret.whl"), "of the host", { mode: 0o600 });
  await chown(join(place, "secret.whl"), 0, 0);
  const operator = { pip: { options: new Map([["find-links", place]]) } };
  const outcomes: string[] = [];
  for (const userNamespaces of ["on", "off"] as const) {
    await using builder = await testBuilder({ userNamespaces, operator });
    const base = await builder.busybox();
    const dockerfile = "FROM base\nRUN cat /run/dorian/operator-links/0/secret.whl; echo x > /x";
    const { log } = await builder.build({ baseLayerIds: [base], baseConfig: {}, dockerfile });
    outcomes.push(/of the host|Permission denied|can't open/.exec(log)?.[0] ?? log);
  }
  expect(outcomes).toEqual([expect.stringMatching(/Permission denied|can't open/), "of the host"]);
  expect(await readFile(join(place, "secret.whl"), "utf8")).toBe("of the host");
});

test("where the operator says so, steps share the machine's user ids as before", async () => {
  const { build, ownersIn } = await set("off");
  const { layerIds, log } = await build("RUN cat /proc/self/uid_map && touch /made");
  expect(log).toMatch(/^\s+0\s+0\s+4294967295$/m);
  expect(await ownersIn(layerIds.at(-1), "made")).toEqual(["0:0"]);
});
