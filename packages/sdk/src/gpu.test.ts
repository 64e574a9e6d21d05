import { expect, test } from "vitest";
import { gpuChoices, gpuRequest } from "./gpu.ts";

test.for<[string, { type: string; count: number }]>([
  ["any", { type: "ANY", count: 1 }],
  ["h100", { type: "H100", count: 1 }],
  ["H100:2", { type: "H100", count: 2 }],
  [" a100-80gb:8 ", { type: "A100-80GB", count: 8 }],
])("%j names a GPU", ([gpu, expected]) => {
  expect(gpuRequest(gpu)).toEqual(expected);
});

test.for(["", "H100:0", "H100:", "H100:-1", "H100:two", "H100:100", "a b", ":2", 1, ["H100"]])(
  "%j does not",
  (gpu) => {
    expect(() => gpuRequest(gpu as string)).toThrow(expect.objectContaining({ code: "GPU_INVALID" }));
  },
);

test("no GPU is no request", () => {
  expect(gpuRequest(undefined)).toBeUndefined();
});

test("several GPUs are choices in the order they are wanted in, and none is no choice", () => {
  expect(gpuChoices(["H100:2", "any"])).toEqual([
    { type: "H100", count: 2 },
    { type: "ANY", count: 1 },
  ]);
  expect(gpuChoices("L4")).toEqual([{ type: "L4", count: 1 }]);
  expect(gpuChoices(undefined)).toEqual([]);
  for (const wrong of [[], ["H100", "two of them"], [undefined as never, "H100", 7 as never]])
    expect(() => gpuChoices(wrong)).toThrow(expect.objectContaining({ code: "GPU_INVALID" }));
});
