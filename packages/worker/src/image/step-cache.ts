import { wallClockMs } from "@dorian/base/wall-clock";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unlessAbsent } from "@dorian/base/unless-absent";
import type { LayerStore } from "@dorian/storage/layer-store";

/** What a finished step of a build made; without a layer when it wrote nothing. */
export interface MadeStep {
  layerId: string | undefined;
}

/**
 * For how long a step is not done again, in milliseconds: long enough to come back to a build that was interrupted, short
 * enough for lists of packages not to grow old.
 */
const validMs = 24 * 3600 * 1000;

/**
 * Remembers, in the data directory, what finished steps of builds made, for the next build that begins like them: a file for each step,
 * by all that it depends on. The server removes old ones, and keeps the layers that the others name.
 */
export class StepCache {
  #directory: string;
  #layers: LayerStore;

  constructor(options: { dataDirectory: string; layers: LayerStore }) {
    this.#directory = join(options.dataDirectory, "steps");
    this.#layers = options.layers;
  }

  /** Undefined when the step is not known, was made too long ago, or its layer is gone. */
  async read(key: string): Promise<MadeStep | undefined> {
    const path = join(this.#directory, key);
    const text = await unlessAbsent(readFile(path, "utf8"));
    if (text === undefined) return undefined;
    const { mtimeMs } = await stat(path);
    if (Math.abs(wallClockMs() - mtimeMs) > validMs) return undefined;
    const layerId = text.trim();
    if (layerId === "") return { layerId: undefined };
    return (await this.#layers.has(layerId)) ? { layerId } : undefined;
  }

  async put(key: string, { layerId = "" }: MadeStep): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const path = join(this.#directory, key);
    const draft = `${path}.${randomBytes(4).toString("hex")}`;
    await writeFile(draft, `${layerId}\n`, { flush: true });
    await rename(draft, path);
  }
}

/** The name of a step: equal for steps that do the same on the same files. */
export function stepKey(dependsOn: Record<string, unknown>): string {
  return createHash("sha256").update(JSON.stringify(dependsOn, inOrder)).digest("hex");
}

/** Objects and maps with their names in order. */
function inOrder(_name: string, value: unknown): unknown {
  if (value instanceof Map) return inOrder("", Object.fromEntries(value));
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
