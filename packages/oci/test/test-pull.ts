import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FetchGuard } from "@dorian/operator/fetch-guard";
import { defaultBorder } from "@dorian/operator/network-border";
import type { RegistrySettings } from "@dorian/operator/registry-settings";
import { LayerStore } from "@dorian/storage/layer-store";
import { onTestFinished } from "vitest";
import { parseImageReference } from "../src/image-reference.ts";
import { pullImage } from "../src/pull-image.ts";
import { RegistryTransport } from "../src/registry-transport.ts";
import { tarOf, ScriptedRegistry, type TarEntry } from "@dorian/testkit/scripted-registry";

/** For tests: a registry, and a layer store to pull into, until the test is over. */
export async function testPull(
  settings: Partial<RegistrySettings> & { limitBytes?: number; place?: string } = {},
) {
  const { limitBytes = 8 * 2 ** 30, place = tmpdir(), ...registries } = settings;
  const directory = await mkdtemp(join(place, "dorian-pull-"));
  const layers = await LayerStore.open(directory);
  const registry = await ScriptedRegistry.open();
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
  const layerOfBlob = new Map<string, string>();
  const pull = (name: string, signal = new AbortController().signal) =>
    pullImage(parseImageReference(name), {
      layers,
      transport,
      registries: { mirrors: new Map(), credentials: new Map(), ...registries },
      blobLayers: {
        read: async (digest) => layerOfBlob.get(digest),
        put: async (digest, layerId) => void layerOfBlob.set(digest, layerId),
      },
      limitBytes,
      diskFloor: () => ({ bytes: 64 * 2 ** 20, files: 0 }),
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
