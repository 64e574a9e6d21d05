import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { detectGpus, gpuTypeOf } from "./detect-gpus.ts";

test.each([
  ["NVIDIA H100 80GB HBM3", "H100"],
  ["NVIDIA A100-SXM4-80GB", "A100-80GB"],
  ["NVIDIA A100-PCIE-40GB", "A100"],
  ["Tesla T4", "T4"],
  ["NVIDIA GeForce RTX 4090", "GEFORCE-RTX-4090"],
])("the model %s is asked for as %s", (model, type) => {
  expect(gpuTypeOf(model)).toBe(type);
});

test("a machine without the driver has no GPUs, one with it lists them in order", async () => {
  const root = await mkdtemp(join(tmpdir(), "gpus-"));
  onTestFinished(() => rm(root, { recursive: true }));
  expect(await detectGpus(join(root, "absent"))).toEqual([]);
  for (const bus of ["0000:41:00.0", "0000:01:00.0"]) {
    await mkdir(join(root, bus));
    await writeFile(join(root, bus, "information"), "Model: \t\t NVIDIA L4\nIRQ: 12\n");
  }
  expect(await detectGpus(root)).toEqual([
    { type: "L4", device: "nvidia.com/gpu=0" },
    { type: "L4", device: "nvidia.com/gpu=1" },
  ]);
});
