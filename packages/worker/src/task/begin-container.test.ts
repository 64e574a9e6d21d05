import { create } from "@bufbuild/protobuf";
import { StartTaskSchema } from "@dorian/protocol/worker";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Container } from "../container/runtime.ts";
import { beginContainer } from "./begin-container.ts";
import type { PreparedTask } from "./prepare-task.ts";
import type { TaskDependencies } from "./task-dependencies.ts";

/** A container that is brought back from a snapshot, and whose way out cannot be moved to it. */
async function begun({ hasMoved }: { hasMoved: boolean }) {
  await using place = await temporaryDirectory({ "layer/inventory.img": "1234" });
  const events: string[] = [];
  const container = (name: string) =>
    ({
      pid: 7,
      [Symbol.asyncDispose]: async () => void events.push(`${name} is gone`),
    }) as Partial<Container> as Container;
  const prepared = {
    spec: {},
    scratch: join(place.path, "scratch"),
    privateDirectory: place.path,
    runtime: {
      restore: async () => container("restored"),
      run: async () => {
        events.push("started");
        return container("started");
      },
    },
    network: {
      hasMoved,
      moveInto: async () => {
        throw new Error("The process has ended.");
      },
    },
  } as unknown as PreparedTask;
  const dependencies = {
    layers: { path: () => join(place.path, "layer") },
    criu: { program: "criu", version: "4.2" },
    discard: async () => undefined,
    onSnapshotUnusable: () => void events.push("unusable"),
  } as unknown as TaskDependencies;
  const result = await beginContainer(prepared, {
    request: create(StartTaskSchema, { taskId: "ta-1", snapshotLayerId: "la-1", snapshotBytes: 4n }),
    dependencies,
    onOutput: () => undefined,
    note: () => undefined,
    onRestored: () => void events.push("restored"),
    signal: new AbortController().signal,
  }).then(
    () => "begun",
    (error: Error) => error.message,
  );
  return { events, result };
}

test("a container that ends as soon as it is brought back is started without its snapshot [I7]", async () => {
  expect(await begun({ hasMoved: false })).toEqual({
    result: "begun",
    events: ["restored is gone", "unusable", "started"],
  });
});

test("one whose network has gone with it is not started, and its snapshot is told of", async () => {
  expect(await begun({ hasMoved: true })).toEqual({
    result: "The process has ended.",
    events: ["restored is gone", "unusable"],
  });
});
