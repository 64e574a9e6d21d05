import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chooseEvictions } from "./evictions.ts";
import { place, type OfferedGpu, type Placement, type WorkerOffer } from "./placement.ts";
import { resourceRequestOf, type ResourceRequest } from "./resource-request.ts";
import { create } from "@bufbuild/protobuf";
import { FunctionSchema$, GPUType } from "@dorian/protocol/modal";

function gpus(...types: string[]): OfferedGpu[] {
  return types.map((type, index) => ({ type, device: `${type}=${index}` }));
}

function worker(name: string, options: Partial<WorkerOffer> & { gpus?: OfferedGpu[] } = {}): WorkerOffer {
  const total = { milliCpu: 4_000, memoryMb: 8_192, gpus: options.gpus ?? [] };
  return {
    workerId: `wo-${name}`,
    name,
    total,
    free: total,
    simulatedGpus: false,
    runtimes: ["runc"],
    ...options,
  };
}

const any = (count = 1) => ({ milliCpu: 100, memoryMb: 100, gpu: { type: "ANY", count } });
const wanting = (type: string, count = 1) => ({ milliCpu: 100, memoryMb: 100, gpu: { type, count } });

test('gpu "any" takes the cheapest model that fits, whatever the order of the workers [Q1] [Q4]', () => {
  const workers = [worker("a", { gpus: gpus("H100", "H100") }), worker("b", { gpus: gpus("T4", "A10G") })];
  for (const order of [workers, workers.toReversed()]) {
    expect(place(any(), order)).toEqual({ kind: "placed", workerId: "wo-b", gpus: gpus("T4") });
    expect(place(any(2), order)).toMatchObject({ kind: "placed", workerId: "wo-a" });
  }
});

test("of equally cheap GPUs the most plentiful are taken first", () => {
  const workers = [worker("a", { gpus: gpus("L4") }), worker("b", { gpus: gpus("L4", "L4") })];
  expect(place(any(), workers)).toMatchObject({ workerId: "wo-b" });
});

test("both spellings of a GPU are understood: the enum of old clients and the name of new ones [Q2]", () => {
  const request = (gpuConfig: object) =>
    resourceRequestOf(create(FunctionSchema$, { resources: { gpuConfig } })).gpu;
  expect(request({ type: GPUType.GPU_TYPE_ANY, count: 1 })).toEqual({ type: "ANY", count: 1 });
  expect(request({ gpuType: "any", count: 1 })).toEqual({ type: "ANY", count: 1 });
  expect(request({ gpuType: "h100!", count: 2 })).toEqual({ type: "H100", count: 2 });
  expect(request({})).toBeUndefined();
});

test.each([
  [any(), [], "no worker that takes work is connected; start one with `dorian worker`"],
  [any(), [worker("a")], "no worker has a GPU; start one with --simulate-gpus to run without"],
  [
    wanting("XYZ"),
    [worker("a", { gpus: gpus("T4", "T4") })],
    "no worker has a GPU of type XYZ; there is T4 ×2 on one worker at most",
  ],
  [
    any(3),
    [worker("a", { gpus: gpus("T4") })],
    "no worker has 3 × GPU; there is T4 ×1 on one worker at most",
  ],
  [
    { milliCpu: 100, memoryMb: 10_000 },
    [worker("a")],
    "it asks for 10000 MiB of memory and the largest worker has 8192 MiB; ask for less or add a worker",
  ],
  [
    any(),
    [worker("a", { gpus: gpus("T4"), free: { milliCpu: 4_000, memoryMb: 8_192, gpus: [] } })],
    "waiting for a GPU to become free",
  ],
])("what cannot be placed says why [Q5]", (request, workers, reason) => {
  expect(place(request, workers)).toEqual({
    kind: "waiting",
    reason,
    unmet: !reason.startsWith("waiting for"),
  });
});

test("a worker that simulates GPUs takes functions of any model, as many as it has", () => {
  const simulating = worker("a", { simulatedGpus: true, gpus: gpus("SIMULATED") });
  expect(place(wanting("H100"), [simulating])).toMatchObject({ kind: "placed" });
  expect(place(wanting("H100", 2), [simulating])).toMatchObject({ kind: "waiting" });
  expect(place(wanting("H100", 2), [worker("a", { simulatedGpus: true })])).toMatchObject({ gpus: [] });
});

const offer = fc
  .record({
    name: fc.string({ minLength: 1, maxLength: 3 }),
    milliCpu: fc.nat(4_000),
    memoryMb: fc.nat(4_000),
    types: fc.array(fc.constantFrom("T4", "A10G", "H100", "SIMULATED"), { maxLength: 4 }),
    simulatedGpus: fc.boolean(),
  })
  .map(({ name, milliCpu, memoryMb, types, simulatedGpus }) => {
    const total = { milliCpu, memoryMb, gpus: gpus(...types) };
    return { workerId: `wo-${name}`, name, total, free: total, simulatedGpus, runtimes: ["runc"] };
  });

const request = fc.record(
  {
    milliCpu: fc.integer({ min: 1, max: 4_000 }),
    memoryMb: fc.integer({ min: 1, max: 4_000 }),
    gpu: fc.record({ type: fc.constantFrom("ANY", "T4", "H100"), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { requiredKeys: ["milliCpu", "memoryMb"] },
);

test("whatever is placed fits, what is not says why, and the same question has the same answer", () => {
  fc.assert(
    fc.property(request, fc.uniqueArray(offer, { selector: (each) => each.name }), (asked, workers) => {
      const placement = place(asked, workers);
      expect(place(asked, workers.toReversed())).toEqual(placement);
      expect(placement).toSatisfy((given: Placement) =>
        given.kind === "placed" ? fits(asked, given, workers) : given.reason !== "",
      );
    }),
  );
});

function fits(
  asked: ResourceRequest,
  placement: Extract<Placement, { kind: "placed" }>,
  workers: readonly WorkerOffer[],
): boolean {
  const free = workers.find((each) => each.workerId === placement.workerId)?.free;
  const devices = placement.gpus.map((gpu) => gpu.device);
  return (
    free !== undefined &&
    free.milliCpu >= asked.milliCpu &&
    free.memoryMb >= asked.memoryMb &&
    new Set(devices).size === devices.length &&
    (devices.length === 0 || devices.length === asked.gpu?.count) &&
    devices.every((device) => free.gpus.some((gpu) => gpu.device === device))
  );
}

test("only containers whose end gives room are chosen, the first to come first, and none in vain", () => {
  const full = (name: string) => worker(name, { free: { milliCpu: 0, memoryMb: 0, gpus: [] } });
  const evictable = (taskId: string, workerId: string, memoryMb: number) => ({
    taskId,
    workerId,
    uses: { milliCpu: 500, memoryMb, gpus: [] },
  });
  const workers = [full("a"), full("b")];
  const choose = (memoryMb: number, tasks: ReturnType<typeof evictable>[]) =>
    chooseEvictions({ milliCpu: 500, memoryMb }, workers, tasks)?.evicted.map((task) => task.taskId);
  const tasks = [
    evictable("ta-2", "wo-b", 600),
    evictable("ta-3", "wo-a", 600),
    evictable("ta-1", "wo-a", 600),
  ];
  expect(choose(1_000, tasks)).toEqual(["ta-3", "ta-1"]);
  expect(choose(2_000, tasks)).toBeUndefined();
  expect(choose(900, [evictable("ta-1", "wo-a", 100), evictable("ta-2", "wo-a", 900)])).toEqual(["ta-2"]);
});

test("of a list of GPUs the first that is free is taken, however cheap the others are", () => {
  const request: ResourceRequest = {
    ...wanting("H100"),
    otherGpus: [
      { type: "A100-80GB", count: 2 },
      { type: "T4", count: 1 },
    ],
  };
  const cheap = worker("a", { gpus: gpus("T4") });
  const middle = worker("b", { gpus: gpus("A100-80GB", "A100-80GB") });
  const best = worker("c", { gpus: gpus("H100") });
  expect(place(request, [cheap, middle, best])).toMatchObject({ workerId: "wo-c" });
  expect(place(request, [cheap, middle])).toMatchObject({ workerId: "wo-b" });
  expect(place(request, [cheap])).toMatchObject({ workerId: "wo-a", gpus: gpus("T4") });
  expect(place(request, [worker("d", { gpus: gpus("L4") })])).toEqual({
    kind: "waiting",
    unmet: true,
    reason:
      "no worker has a GPU of type H100; there is L4 ×1 on one worker at most; nor is there 2 × A100-80GB or a GPU of type T4",
  });
});

test("a function that asks for a runtime goes where it is, and where none is it hears what to install", () => {
  const asked = { milliCpu: 100, memoryMb: 100, runtime: "runsc" };
  const plain = worker("a");
  const both = worker("b", { runtimes: ["runc", "runsc"] });
  expect(place(asked, [plain, both])).toMatchObject({ kind: "placed", workerId: "wo-b" });
  expect(place(asked, [plain])).toMatchObject({
    kind: "waiting",
    unmet: true,
    reason: expect.stringContaining("install runsc"),
  });
  expect(place(asked, [])).toMatchObject({
    kind: "waiting",
    reason: expect.stringContaining("no worker that takes work is connected"),
  });
  expect(resourceRequestOf(create(FunctionSchema$, { runtime: "gvisor" })).runtime).toBe("runsc");
  expect(resourceRequestOf(create(FunctionSchema$, {})).runtime).toBeUndefined();
});
