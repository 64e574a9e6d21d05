import { WorkerService } from "@dorian/protocol/worker";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { expect, test } from "vitest";
import { combine } from "./combine.ts";

const joining = {
  async *join() {
    yield* [];
  },
} satisfies ServiceHandlers<typeof WorkerService>;
const volumes = {
  volumeAppend: async () => ({}),
  volumeHead: async () => ({}),
} satisfies ServiceHandlers<typeof WorkerService>;

test("parts become one service", () => {
  expect(combine(WorkerService, [joining, volumes])).toEqual({ ...joining, ...volumes });
});

test("a method that two serve, or that the service does not have, is refused by type and at the start", () => {
  // @ts-expect-error servedTwice: "join"
  expect(() => combine(WorkerService, [joining, volumes, joining])).toThrow(
    /WorkerService\.join is served twice/,
  );
  // @ts-expect-error notInTheService: "other"
  expect(() => combine(WorkerService, [joining, volumes, { other: async () => ({}) }])).toThrow(
    /no method other/,
  );
});

test("a method that nobody serves is refused by type", () => {
  // @ts-expect-error servedByNobody: "volumeAppend" | "volumeHead"
  expect(Object.keys(combine(WorkerService, [joining]))).toEqual(["join"]);
});
