import { create } from "@bufbuild/protobuf";
import { FunctionSchema$ } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import type { WorkerOffer } from "../../dispatch/placement/placement.ts";
import { roomWarnings } from "./room-warnings.ts";

const total = { milliCpu: 2_000, memoryMb: 4_000, gpus: [] };
const busy = { milliCpu: 0, memoryMb: 0, gpus: [] };
const worker: WorkerOffer = {
  workerId: "wo-a",
  name: "a",
  total,
  free: busy,
  simulatedGpus: false,
  runtimes: ["runc"],
};
const spec = (tag: string, resources: object) => ({
  functionId: `fu-${tag}`,
  appId: "ap-1",
  tag,
  definition: create(FunctionSchema$, { resources }),
  revision: 1,
  isBuilder: false,
  active: true,
  keepsUncalled: false,
});

test("a deployment is told which of its functions no worker could ever run, not which have to wait [L13]", () => {
  const specs = [
    spec("train", { milliCpu: 8_000 }),
    spec("draw", { gpuConfig: { gpuType: "H100", count: 1 } }),
    spec("small", {}),
  ];
  expect(roomWarnings(specs, [worker]).map(({ message }) => message)).toEqual([
    "train cannot start: it asks for 8 CPUs and the largest worker has 2; ask for fewer or add a worker. Its calls wait until a worker can take it.",
    "draw cannot start: no worker has a GPU; start one with --simulate-gpus to run without. Its calls wait until a worker can take it.",
  ]);
  expect(roomWarnings(specs, [])).toEqual([]);
});
