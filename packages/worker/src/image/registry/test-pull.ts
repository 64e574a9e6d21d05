import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FetchGuard } from "@dorian/operator/fetch-guard";
import { defaultBorder } from "@dorian/operator/network-border";
import type { RegistrySettings } from "@dorian/operator/registry-settings";
import { LayerStore } from "@dorian/storage/layer-store";
import { onTestFinished } from "vitest";
import { BaseCache } from "../base-cache.ts";
import { parseImageReference } from "./image-reference.ts";
import { pullImage } from "./pull-image.ts";
import { RegistryTransport } from "./registry-transport.ts";
import { tarOf, TestRegistry, type TarEntry } from "./test-registry.ts";

/** For tests: a registry, and a layer store to pull into, until the test is over. */
export async function testPull(
  settings: Partial<RegistrySettings> & { limitBytes?: number; place?: string } = {},
) {
  const { limitBytes = 8 * 2 ** 30, place = tmpdir(), ...registries } = settings;
  const directory = await mkdtemp(join(place, "dorian-pull-"));
  const layers = await LayerStore.open(directory);
  const registry = await TestRegistry.open();
  const transport = new RegistryTransport({
    proxyEnv: {},
    certificates: undefined,
    guard: new FetchGuard({ ...defaultBorder, fetchFrom: ["127.0.0.1"] }),
  });
  onTestFinished(async () => {
    transport[Symbol.dispose]();
    await registry[Symbol.asyncDispose]();
    await layers[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });
  const log: string[] = [];
  const cache = new BaseCache({ dataDirectory: directory, layers });
  const pull = (name: string, signal = new AbortController().signal) =>
    pullImage(parseImageReference(name), {
      layers,
      transport,
      registries: { mirrors: new Map(), credentials: new Map(), ...registries },
      blobLayers: {
        get: (digest) => cache.blobLayer(digest),
        put: (digest, layerId) => cache.putBlobLayer(digest, layerId),
      },
      limitBytes,
      onLog: (text) => log.push(text),
      signal,
    });
  const push = async (repository: string, layerEntries: TarEntry[][], config?: object) =>
    registry.push(repository, "1", {
      layers: await Promise.all(
        layerEntries.map(async (entries, index) => ({
          tar: await tarOf(entries),
          compression: index % 2 === 0 ? ("gzip" as const) : ("zstd" as const),
        })),
      ),
      ...(config ? { config } : {}),
    });
  return { directory, layers, registry, pull, push, log };
}
