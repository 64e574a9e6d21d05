import { create } from "@bufbuild/protobuf";
import { GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import { StartBuildSchema, type BuildFinished } from "@dorian/protocol/worker";
import { pino } from "pino";
import { expect, test } from "vitest";
import type { BuiltImage } from "./saved-image.ts";
import { Builds } from "./builds.ts";

const built: BuiltImage = {
  layerIds: ["ly-1"],
  bytes: 1,
  config: { $typeName: "dorian.worker.ImageConfig" } as never,
};

/** Builds of which the test says when they are done; they end when they are cancelled. */
function scriptedBuilds() {
  const done = new Map<string, () => void>();
  const told: BuildFinished[] = [];
  const builds = new Builds({
    builder: {
      build: ({ buildId }, { signal }) =>
        new Promise((resolve, reject) => {
          done.set(buildId, () => resolve(built));
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    },
    nowMs: Date.now,
    onLogs: () => undefined,
    onFinished: (finished) => told.push(finished),
    logger: pino({ level: "silent" }),
  });
  const start = (buildId: string) => builds.start(create(StartBuildSchema, { buildId }));
  const outcomes = () => told.map(({ buildId, result }) => [buildId, Status[result?.status ?? 0]]);
  return { builds, start, done, outcomes };
}

test("builds that the server does not count on are cancelled, the others go on", async () => {
  const { builds, start, done, outcomes } = scriptedBuilds();
  const stale = start("bd-stale");
  const wanted = start("bd-wanted");
  builds.reconcile(["bd-wanted"]);
  await stale;
  expect(outcomes()).toEqual([["bd-stale", "TERMINATED"]]);
  done.get("bd-wanted")?.();
  await wanted;
  expect(outcomes()).toEqual([
    ["bd-stale", "TERMINATED"],
    ["bd-wanted", "SUCCESS"],
  ]);
});

test("the end of a build that the server has missed is told again; one that never arrived is over", async () => {
  const { builds, start, done, outcomes } = scriptedBuilds();
  const missed = start("bd-missed");
  done.get("bd-missed")?.();
  await missed;
  builds.reconcile(["bd-missed", "bd-never"]);
  expect(outcomes()).toEqual([
    ["bd-missed", "SUCCESS"],
    ["bd-missed", "SUCCESS"],
    ["bd-never", "TERMINATED"],
  ]);
});
