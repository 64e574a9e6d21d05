import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { OperatorSettings } from "@dorian/operator/operator-settings";
import { wheelFiles } from "@dorian/python/wheel-files";
import { WheelIndex, type Wheel } from "@dorian/python/wheel-index";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { ImageReference } from "@dorian/oci/image-reference";

export interface UvLayerOptions {
  layers: LayerStore;
  operator: OperatorSettings;
  /** Where downloaded wheels are kept. */
  wheelDirectory: string;
  signal: AbortSignal;
}

/**
 * The requirement that stands for a reference to the image that uv is published as: it holds nothing but the programs
 * `/uv` and `/uvx`, which uv's wheel holds too. Undefined for any other image.
 */
export function uvRequirementOf(reference: ImageReference): string | undefined {
  if (reference.registry !== "ghcr.io" || reference.repository !== "astral-sh/uv") return undefined;
  if (reference.digest !== undefined) return undefined;
  if (reference.tag === "latest") return "uv";
  if (!/^\d+(\.\d+){0,2}$/.test(reference.tag)) return undefined;
  return reference.tag.split(".").length === 3 ? `uv==${reference.tag}` : `uv==${reference.tag}.*`;
}

/** Ten times what uv has. */
const maxProgramBytes = 512 * 1024 * 1024;

/** Makes a layer with the programs from uv's wheel. Returns its id and which wheel it was. */
export async function makeUvLayer(
  requirement: string,
  options: UvLayerOptions,
): Promise<{ layerId: string; version: string }> {
  using index = await WheelIndex.open({ settings: options.operator, cacheDirectory: options.wheelDirectory });
  const wheel = await uvWheel(index, requirement, options.signal);
  await using draft = await options.layers.draft();
  for await (const file of wheelFiles(wheel.path)) {
    const name = /^bin\/(uvx?)$/.exec(file.path)?.[1];
    if (name === undefined) continue;
    if (file.size > maxProgramBytes) throw tooLarge(wheel, file.size);
    await pipeline(await file.open(), createWriteStream(join(draft.path, name), { mode: 0o755 }));
  }
  return { layerId: await draft.seal({ durable: true }), version: wheel.version };
}

// The one for musl runs everywhere: it needs no library of the image.
async function uvWheel(index: WheelIndex, requirement: string, signal: AbortSignal): Promise<Wheel> {
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  const target = { pythonMinor: "3.12", arch } as const;
  try {
    return await index.fetch(requirement, { ...target, libc: "musllinux" }, { signal });
  } catch (error) {
    if (!AppError.is(error) || error.code !== "WHEEL_NOT_FOUND") throw error;
    return await index.fetch(requirement, { ...target, libc: "manylinux" }, { signal });
  }
}

function tooLarge(wheel: Wheel, bytes: number): AppError {
  return new AppError("WHEEL_INVALID", `The program in ${wheel.path} has ${bytes} bytes.`, {
    status: "DATA_LOSS",
    remedy: "Remove the file and get it anew.",
  });
}
