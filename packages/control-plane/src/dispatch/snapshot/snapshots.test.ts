import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { newId } from "@dorian/base/ids";
import { FunctionSchema$ } from "@dorian/protocol/modal";
import { ImageConfigSchema, SnapshotTakenSchema } from "@dorian/protocol/worker";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../database/database.ts";
import { Journal } from "../../database/journal.ts";
import type { ContainerPlan } from "../ports.ts";
import { Snapshots } from "./snapshots.ts";

const engine = "criu 4.2 x64";

async function open(directory?: string) {
  const place = directory ?? (await mkdtemp(join(tmpdir(), "dorian-snapshots-")));
  if (directory === undefined) onTestFinished(() => rm(place, { recursive: true, force: true }));
  const db = await openDatabase(join(place, "state.db"));
  onTestFinished(() => db.destroy());
  let now = 0;
  const live = new Map([["fu-1", 1]]);
  const revisionOf = (functionId: string) => live.get(functionId);
  const snapshots = await Snapshots.open({ db, journal: new Journal(db), nowMs: () => ++now, revisionOf });
  return { place, snapshots, live, close: () => db.destroy() };
}

function planOf(more: Partial<ContainerPlan> = {}): ContainerPlan {
  return {
    arguments: {
      functionId: "fu-1",
      appId: "ap-1",
      functionDef: create(FunctionSchema$, { functionName: "Model" }),
      tracingContext: {},
      serializedParams: new Uint8Array(),
      runtime: "",
      environmentName: "main",
      inputPlaneServerUrl: "",
    },
    layerIds: ["ly-1"],
    imageId: "im-1",
    config: create(ImageConfigSchema),
    secretEnv: {},
    volumes: [],
    buckets: [],
    snapshots: "wanted",
    ...more,
  };
}

function task(functionId = "fu-1") {
  return { isOver: false, facts: { functionId, revision: 1 } };
}

const taken = (layerId: string) => create(SnapshotTakenSchema, { layerId, bytes: 5n, tookMs: 7 });

test("one container takes a snapshot, others start without meanwhile, and later ones are brought back [I3]", async () => {
  const { snapshots } = await open();
  const [first, second, third] = [task(), task(), task()];
  expect(snapshots.forStart(first, planOf(), engine)).toEqual({ kind: "take" });
  expect(snapshots.forStart(second, planOf(), engine)).toEqual({ kind: "none" });
  await snapshots.taken(first, taken("ly-memory"));
  expect(snapshots.forStart(third, planOf(), engine)).toEqual({
    kind: "restore",
    layerId: "ly-memory",
    bytes: 5,
  });
});

test("where the one that was to take it has ended, another does", async () => {
  const { snapshots } = await open();
  const first = task();
  snapshots.forStart(first, planOf(), engine);
  first.isOver = true;
  expect(snapshots.forStart(task(), planOf(), engine)).toEqual({ kind: "take" });
});

test("what a container begins with makes another snapshot, versions of volumes do not [I6]", async () => {
  const { snapshots } = await open();
  const first = task();
  snapshots.forStart(first, planOf(), engine);
  await snapshots.taken(first, taken("ly-memory"));
  const volume = { volumeId: "vo-1", mountPath: "/vol" } as ContainerPlan["volumes"][number];
  for (const more of [
    { layerIds: ["ly-2"] },
    { secretEnv: { TOKEN: "2" } },
    { volumes: [volume] },
    { config: create(ImageConfigSchema, { env: { A: "1" } }) },
  ] satisfies Partial<ContainerPlan>[]) {
    const other = task();
    expect(snapshots.forStart(other, planOf(more), engine)).toEqual({ kind: "take" });
    other.isOver = true;
  }
  const other = task();
  expect(snapshots.forStart(other, planOf(), "criu 4.3 x64")).toEqual({ kind: "take" });
  other.isOver = true;
  expect(snapshots.forStart(task(), planOf(), engine)).toEqual({
    kind: "restore",
    layerId: "ly-memory",
    bytes: 5,
  });
  const mounted = task("fu-2");
  const of = (version: bigint) =>
    planOf({
      arguments: { ...planOf().arguments, functionId: "fu-2" },
      volumes: [{ ...volume, head: { version, layerIds: [] } as never }],
    });
  snapshots.forStart(mounted, of(1n), engine);
  await snapshots.taken(mounted, taken("ly-mounted"));
  expect(snapshots.forStart(task("fu-2"), of(2n), engine)).toMatchObject({ kind: "restore" });
});

test("a class whose memory cannot be written is left in peace after three tries", async () => {
  const { snapshots } = await open();
  const kinds: string[] = [];
  for (let n = 0; n < 5; n++) {
    const each = task();
    kinds.push(snapshots.forStart(each, planOf(), engine).kind);
    await snapshots.taken(each, create(SnapshotTakenSchema, { failure: "a socket" }));
  }
  expect(kinds).toEqual(["take", "take", "take", "none", "none"]);
});

test("a snapshot from which three containers could not be brought back is made anew [I7]", async () => {
  const { snapshots } = await open();
  const first = task();
  snapshots.forStart(first, planOf(), engine);
  await snapshots.taken(first, taken("ly-memory"));
  for (let n = 0; n < 3; n++) {
    const each = task();
    expect(snapshots.forStart(each, planOf(), engine).kind).toBe("restore");
    await snapshots.settled(each, "failed");
    // Its worker starts it then, and that may fail as well.
    await snapshots.settled(each, "failed");
    const good = task();
    snapshots.forStart(good, planOf(), engine);
    await snapshots.settled(good, "ready");
    expect(snapshots.all()).toHaveLength(n < 2 ? 1 : 0);
    good.isOver = true;
  }
  expect(snapshots.forStart(task(), planOf(), engine)).toEqual({ kind: "take" });
});

test("snapshots are known after a restart, until they are deleted", async () => {
  const { place, snapshots, close } = await open();
  const first = task();
  snapshots.forStart(first, planOf(), engine);
  await snapshots.taken(first, taken("ly-memory"));
  await close();
  const { snapshots: next } = await open(place);
  expect(next.forStart(task(), planOf(), engine).kind).toBe("restore");
  await next.delete("ly-memory");
  expect(next.all()).toEqual([]);
  await expect(next.delete(newId("ly"))).rejects.toMatchObject({ code: "SNAPSHOT_NOT_FOUND" });
});

test("a worker without an engine is said once, and a function that takes none hears of nothing", async () => {
  const { snapshots } = await open();
  expect(snapshots.forStart(task(), planOf(), "")).toMatchObject({
    note: expect.stringContaining("doctor") as unknown,
  });
  expect(snapshots.forStart(task(), planOf(), "")).toEqual({ kind: "none" });
  expect(snapshots.forStart(task(), planOf({ snapshots: "unwanted" }), engine)).toEqual({ kind: "none" });
});

test("why a function has none is said once", async () => {
  const { snapshots } = await open();
  const plan = planOf({ snapshots: { refusal: "what serves its bucket cannot be written" } });
  expect(snapshots.forStart(task(), plan, engine)).toMatchObject({
    kind: "none",
    note: expect.stringContaining("its bucket") as unknown,
  });
  expect(snapshots.forStart(task(), plan, engine)).toEqual({ kind: "none" });
});

async function takenFor(snapshots: Snapshots, functionId: string, bytes: bigint): Promise<void> {
  const taker = task(functionId);
  const plan = planOf({ arguments: { ...planOf().arguments, functionId } });
  snapshots.forStart(taker, plan, engine);
  await snapshots.taken(
    taker,
    create(SnapshotTakenSchema, { layerId: `ly-${functionId}`, bytes, tookMs: 1 }),
  );
}

test("those that were longest not used go when all together are too many bytes", async () => {
  const { snapshots } = await open();
  const half = 2n ** 35n;
  await takenFor(snapshots, "fu-1", half);
  await takenFor(snapshots, "fu-2", half);
  snapshots.forStart(task(), planOf(), engine);
  await takenFor(snapshots, "fu-3", half);
  expect(snapshots.all().map(({ function_id }) => function_id)).toEqual(["fu-3", "fu-1"]);
  await takenFor(snapshots, "fu-4", 3n * half);
  expect(snapshots.all().map(({ function_id }) => function_id)).toEqual(["fu-4"]);
});

test("snapshots go with their app", async () => {
  const { snapshots } = await open();
  await takenFor(snapshots, "fu-1", 1n);
  await takenFor(snapshots, "fu-2", 1n);
  await snapshots.forgetOf((functionId) => functionId === "fu-1");
  expect(snapshots.all().map(({ function_id }) => function_id)).toEqual(["fu-2"]);
});

test("those of a function that was deployed anew, or is gone, go; scaling leaves them [I6]", async () => {
  const { place, snapshots, close } = await open();
  await takenFor(snapshots, "fu-1", 1n);
  await snapshots.changed(["fu-1", "fu-2"]);
  expect(snapshots.all()).toHaveLength(1);
  const scaled = create(FunctionSchema$, { functionName: "Model", autoscalerSettings: { minContainers: 3 } });
  const plan = planOf({ arguments: { ...planOf().arguments, functionDef: scaled } });
  expect(snapshots.forStart(task(), plan, engine).kind).toBe("restore");
  await close();
  const { snapshots: next, live } = await open(place);
  live.set("fu-1", 2);
  await next.changed(["fu-1"]);
  expect(next.all()).toEqual([]);
  expect(next.forStart(task(), planOf(), engine)).toEqual({ kind: "take" });
});

test("one of a former version, or of an app that is stopped meanwhile, is not kept [I6]", async () => {
  const { snapshots } = await open();
  const [former, current] = [task(), task()];
  snapshots.forStart(former, planOf(), engine);
  snapshots.forStart(current, planOf({ layerIds: ["ly-2"] }), engine);
  await snapshots.taken(current, taken("ly-new"));
  await snapshots.taken(former, taken("ly-old"));
  expect(snapshots.all().map(({ layer_id }) => layer_id)).toEqual(["ly-new"]);
  const other = planOf({ layerIds: ["ly-3"] });
  const [early, late] = [task(), task()];
  snapshots.forStart(early, other, engine);
  const storing = snapshots.taken(early, taken("ly-early"));
  await snapshots.forgetOf(() => true);
  await storing;
  expect(snapshots.all()).toEqual([]);
  snapshots.forStart(late, other, engine);
  await snapshots.forgetOf(() => true);
  await snapshots.taken(late, taken("ly-late"));
  expect(snapshots.all()).toEqual([]);
});

test("takers that die, are lost or take what is of no use count, and that it is given up is said once [I7]", async () => {
  const { snapshots, live } = await open();
  const next = () => {
    const each = task();
    return { each, part: snapshots.forStart(each, planOf(), engine) };
  };
  // One that was asked to end before it had taken it has not failed.
  await snapshots.exited(next().each, "ready");
  await snapshots.exited(next().each, "failed");
  next().each.isOver = true;
  const { each, part } = next();
  expect(part).toEqual({ kind: "take" });
  await snapshots.taken(each, taken("ly-memory"));
  for (let n = 0; n < 3; n++) await snapshots.settled(next().each, "failed");
  expect(snapshots.all()).toEqual([]);
  expect(next().part).toEqual({ kind: "none", note: expect.stringContaining("after 3") as unknown });
  expect(next().part).toEqual({ kind: "none" });
  live.set("fu-1", 2);
  await snapshots.changed(["fu-1"]);
  expect(next().part).toEqual({ kind: "take" });
});
