import { create } from "@bufbuild/protobuf";
import {
  FunctionCreateRequestSchema,
  FunctionOptionsSchema,
  FunctionSchema$,
  GPUType,
} from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { applyOptions } from "./apply-options.ts";
import { normaliseDefinition } from "./definition.ts";
import { gpuChoices } from "./gpu-choices.ts";
import { sameContainers } from "./same-containers.ts";

const normalised = (fn: object) =>
  normaliseDefinition(create(FunctionCreateRequestSchema, { function: { functionName: "f", ...fn } }));

test("definitions of older and newer clients have one form [Q2]", () => {
  const old = normalised({
    warmPoolSize: 1,
    concurrencyLimit: 3,
    taskIdleTimeoutSecs: 120,
    resources: { gpuConfig: { type: GPUType.GPU_TYPE_A10G, count: 1 } },
  });
  expect(old).toMatchObject({
    timeoutSecs: 300,
    autoscalerSettings: { minContainers: 1, maxContainers: 3, scaledownWindow: 120 },
    resources: { gpuConfig: { gpuType: "A10G", count: 1 } },
  });
  const now = normalised({
    warmPoolSize: 9,
    autoscalerSettings: { minContainers: 0 },
    resources: { gpuConfig: { gpuType: "any" } },
  });
  expect(now.autoscalerSettings?.minContainers).toBe(0);
  expect(now.resources?.gpuConfig).toMatchObject({ gpuType: "ANY", count: 1 });
  expect(normalised({ resources: { gpuConfig: {} } }).resources?.gpuConfig).toBeUndefined();
});

test("a list of GPUs becomes the definition of its first choice [Q3]", () => {
  const request = create(FunctionCreateRequestSchema, {
    functionData: {
      functionName: "f",
      timeoutSecs: 7,
      rankedFunctions: [
        { rank: 1, function: { imageId: "im-b" } },
        { rank: 0, function: { imageId: "im-a", resources: { gpuConfig: { gpuType: "H100" } } } },
      ],
    },
  });
  expect(normaliseDefinition(request)).toMatchObject({
    functionName: "f",
    timeoutSecs: 7,
    imageId: "im-a",
    resources: { gpuConfig: { gpuType: "H100" } },
  });
});

test("options change what they name and nothing else", () => {
  const base = create(FunctionSchema$, {
    secretIds: ["st-1"],
    timeoutSecs: 5,
    maxConcurrentInputs: 1,
    autoscalerSettings: { minContainers: 1, scaledownWindow: 60 },
  });
  const apply = (options: object) => applyOptions(base, create(FunctionOptionsSchema, options));
  expect(apply({})).toMatchObject({ secretIds: ["st-1"], timeoutSecs: 5 });
  expect(apply({ secretIds: ["st-2"] }).secretIds).toEqual(["st-1"]);
  expect(apply({ secretIds: [], replaceSecretIds: true }).secretIds).toEqual([]);
  expect(apply({ warmPoolSize: 0, concurrencyLimit: 4 }).autoscalerSettings).toMatchObject({
    minContainers: 0,
    maxContainers: 4,
    scaledownWindow: 60,
  });
  expect(apply({ targetConcurrentInputs: 8 }).maxConcurrentInputs).toBe(8);
  expect(apply({ targetConcurrentInputs: 2, maxConcurrentInputs: 4 })).toMatchObject({
    maxConcurrentInputs: 4,
    targetConcurrentInputs: 2,
  });
  expect(base.timeoutSecs).toBe(5);
});

test("options for one resource leave the others, and a GPU of theirs takes the place of a list", () => {
  const base = normaliseDefinition(
    create(FunctionCreateRequestSchema, {
      functionData: {
        functionName: "f",
        rankedFunctions: ["H100", "A100-80GB"].map((gpuType, rank) => ({
          rank,
          function: { resources: { milliCpu: 2_000, memoryMb: 512, gpuConfig: { gpuType, count: 1 } } },
        })),
      },
    }),
  );
  expect(gpuChoices(base).map((gpu) => gpu.gpuType)).toEqual(["H100", "A100-80GB"]);
  const apply = (resources: object) => applyOptions(base, create(FunctionOptionsSchema, { resources }));
  expect(apply({ memoryMb: 1_024, gpuConfig: {} })).toMatchObject({
    resources: { milliCpu: 2_000, memoryMb: 1_024, gpuConfig: { gpuType: "H100" } },
    ExperimentalTaskTemplates: [{}, {}],
  });
  const changed = apply({ gpuConfig: { gpuType: "L4", count: 2 } });
  expect(changed).toMatchObject({ resources: { milliCpu: 2_000, gpuConfig: { gpuType: "L4", count: 2 } } });
  expect(gpuChoices(changed)).toHaveLength(1);
});

test("a definition has its form whatever sent it: an A100 with its memory, a schedule beside it, an empty webhook", () => {
  const definition = normaliseDefinition(
    create(FunctionCreateRequestSchema, {
      schedule: { scheduleOneof: { case: "period", value: { days: 1 } } },
      function: {
        functionName: "f",
        webhookConfig: {},
        resources: { gpuConfig: { type: GPUType.GPU_TYPE_A100, count: 1, memory: 40 } },
      },
    }),
  );
  expect(definition.webhookConfig).toBeUndefined();
  expect(definition.schedule?.scheduleOneof.case).toBe("period");
  expect(definition.resources?.gpuConfig?.gpuType).toBe("A100-40GB");
});

test("containers are replaced when what they run changes, not when their number does", () => {
  const a = normalised({
    imageId: "im-1",
    autoscalerSettings: { minContainers: 1 },
    experimentalOptions: { a: "1", b: "2" },
  });
  const b = normalised({
    imageId: "im-1",
    autoscalerSettings: { minContainers: 2 },
    experimentalOptions: { b: "2", a: "1" },
  });
  expect(sameContainers(a, b)).toBe(true);
  expect(sameContainers(a, normalised({ imageId: "im-2" }))).toBe(false);
  expect(sameContainers(undefined, a)).toBe(false);
});

test("very many choices of GPUs, and names of GPUs that are very long, are refused [B11]", () => {
  const choice = { resources: { gpuConfig: { gpuType: "H100" } } };
  const choices = (count: number) => ({
    ExperimentalTaskTemplates: Array.from({ length: count }, () => choice),
  });
  const refused = expect.objectContaining({ code: "FUNCTION_DEFINITION_INVALID" });
  expect(() => normalised(choices(65))).toThrow(refused);
  expect(() => normalised(choices(64))).not.toThrow();
  const named = (gpuType: string) => ({ resources: { gpuConfig: { gpuType } } });
  expect(() => normalised(named("H".repeat(65)))).toThrow(refused);
  expect(() => normalised(named(`${"H".repeat(64)}!`))).not.toThrow();
});
