import type { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { pipeline } from "node:stream/promises";
import { AppError } from "@dorian/base/app-error";
import { boundedText } from "@dorian/base/bounded-text";
import { must } from "@dorian/base/must";
import type { RegistryCredentials, RegistrySettings } from "@dorian/operator/registry-settings";
import type { Space } from "@dorian/storage/free-space";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { ImageConfiguration } from "./image-configuration.ts";
import { isBomb, ImageRoom } from "./image-room.ts";
import { settleAll } from "./settle-all.ts";
import { formatImageReference, type ImageReference } from "./image-reference.ts";
import { invalidLayer } from "./invalid-layer.ts";
import {
  maxConfigBytes,
  readConfiguration,
  readManifest,
  type Descriptor,
  type Manifest,
} from "./manifest.ts";
import { megabytes } from "./megabytes.ts";
import { PullProgress } from "./pull-progress.ts";
import { RegistryClient } from "./registry-client.ts";
import type { RegistryTransport } from "./registry-transport.ts";
import { shown } from "./small-body.ts";
import { unpackLayer, type UnpackOptions } from "./unpack-layer.ts";

export interface PullOptions {
  layers: LayerStore;
  transport: RegistryTransport;
  registries: RegistrySettings;
  /** What the layers of one image may hold together. */
  limitBytes: number;
  /** What is to remain of a disk of this size. */
  diskFloor: (size: Space) => Space;
  /** Credentials for this pull; otherwise the operator's are used. */
  credentials?: RegistryCredentials;
  /** Remembers which layer holds which blob, across images. */
  blobLayers: {
    read(digest: string): Promise<string | undefined>;
    put(digest: string, layerId: string): Promise<void>;
  };
  onLog: (text: string) => void;
  signal: AbortSignal;
}

export interface PulledImage {
  layerIds: string[];
  config: ImageConfiguration;
  /** Instructions that it has for whatever is built on it. */
  onBuild?: string[];
}

const attempts = 3;

/** The registries that the operator named: as mirrors, and by logging in to them. */
export function registryAddresses({ mirrors, credentials }: RegistrySettings): string[] {
  return [...[...mirrors.values()].flat(), ...[...credentials.keys()].map(endpointOf)];
}

/**
 * Fetches an image from its registry or a mirror of it into the layer store.
 *
 * @throws AppError REGISTRY_UNREACHABLE when none of them answers; otherwise what the registry says.
 */
export async function pullImage(reference: ImageReference, options: PullOptions): Promise<PulledImage> {
  const { client, manifest } = await findManifest(reference, options);
  const name = formatImageReference(reference);
  let read: ReturnType<typeof readConfiguration> | undefined;
  await client.blob(manifest.config, {
    consume: async (bytes) => {
      const bound = { maxBytes: maxConfigBytes, what: `The configuration of ${name}` };
      read = readConfiguration(await boundedText(bytes, bound), name);
    },
    signal: options.signal,
  });
  const { layers, limitBytes, diskFloor } = options;
  const room = new ImageRoom({ name, limitBytes, diskFloor, directory: layers.scratchPath });
  const layerIds: string[] = [];
  for (const [index, layer] of manifest.layers.entries()) {
    const known = await options.blobLayers.read(layer.digest);
    const label = `layer ${index + 1} of ${manifest.layers.length} (${megabytes(layer.size)})`;
    if (known !== undefined) options.onLog(`   ${label}: already here\n`);
    layerIds.push(known ?? (await pullLayer({ client, layer, label, room }, options)));
  }
  const { config, onBuild } = must(read, "the configuration that was read");
  return { layerIds, config, ...(onBuild.length > 0 && { onBuild }) };
}

async function findManifest(
  reference: ImageReference,
  options: PullOptions,
): Promise<{ client: RegistryClient; manifest: Manifest }> {
  const { registries, transport, signal, onLog } = options;
  const credentials = options.credentials ?? registries.credentials.get(reference.registry);
  const own = { endpoint: endpointOf(reference.registry), credentials };
  const mirrors = (registries.mirrors.get(reference.registry) ?? []).map((endpoint) => ({
    endpoint,
    credentials: registries.credentials.get(new URL(endpoint).host),
  }));
  let failure: unknown;
  for (const place of [...mirrors, own]) {
    const client = new RegistryClient({ ...place, repository: reference.repository, transport });
    try {
      return { client, manifest: await manifestFor(reference, client, signal) };
    } catch (error) {
      // A mirror need not have everything, nor be up.
      if (!AppError.is(error) || !["REGISTRY_UNREACHABLE", "IMAGE_NOT_FOUND"].includes(error.code))
        throw error;
      if (place !== own) onLog(`   ${error.message}\n`);
      failure = error;
    }
  }
  throw failure;
}

async function manifestFor(
  reference: ImageReference,
  client: RegistryClient,
  signal: AbortSignal,
): Promise<Manifest> {
  const name = formatImageReference(reference);
  let wanted = reference.digest ?? reference.tag;
  for (let depth = 0; depth < 3; depth++) {
    const { body } = await client.manifest(wanted, { signal });
    const read = readManifest(body, name);
    if (read.kind === "manifest") return read.manifest;
    wanted = read.entry.digest;
  }
  throw new AppError("IMAGE_PLATFORM_MISSING", `The index of ${name} leads to further indexes only.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Choose another tag of the image.",
  });
}

async function pullLayer(
  pull: { client: RegistryClient; layer: Descriptor; label: string; room: ImageRoom },
  options: PullOptions,
): Promise<string> {
  const { client, layer, label, room } = pull;
  const { layers, blobLayers, onLog, signal } = options;
  for (let attempt = 1; ; attempt++) {
    await using draft = await layers.draft();
    let received = 0;
    const progress = new PullProgress(label, layer.size, onLog);
    const onBytes = (count: number) => {
      received += count;
      progress.show(received);
    };
    const taken = { bytes: 0, entries: 0 };
    const onUnpacked = (count: number) => {
      taken.bytes += count;
      if (isBomb(received, taken.bytes)) {
        throw invalidLayer(`${megabytes(received)} of it make ${megabytes(taken.bytes)}`);
      }
      room.takeBytes(count);
    };
    const onEntries = (count: number) => {
      taken.entries += count;
      room.takeEntries(count);
    };
    try {
      const consume = (bytes: Readable) =>
        unpack(bytes, layer.mediaType, draft.path, { onUnpacked, onEntries, signal });
      await client.blob(layer, { consume, onBytes, signal });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (AppError.is(error) || attempt === attempts) progress.end("failed");
      if (AppError.is(error)) throw error;
      if (attempt === attempts) throw brokenOff(layer, error);
      room.giveBack(taken);
      progress.end("the connection broke, trying again");
      continue;
    }
    const layerId = await draft.seal({ durable: true });
    await blobLayers.put(layer.digest, layerId);
    progress.end("done");
    return layerId;
  }
}

async function unpack(
  bytes: Readable,
  mediaType: string,
  root: string,
  options: UnpackOptions,
): Promise<void> {
  const decoder = decoderFor(mediaType);
  if (!decoder) {
    await unpackLayer(bytes, root, options);
    return;
  }
  const { signal } = options;
  await settleAll([pipeline(bytes, decoder, { signal }), unpackLayer(decoder, root, options)]);
}

function decoderFor(mediaType: string): ReturnType<typeof createGunzip> | undefined {
  if (/[+.]gzip$/.test(mediaType)) return createGunzip();
  if (/[+.]zstd$/.test(mediaType)) return createZstdDecompress();
  if (/[+.]tar$/.test(mediaType)) return undefined;
  throw new AppError(
    "IMAGE_LAYER_INVALID",
    `The image has a layer of the unknown kind "${shown(mediaType)}".`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Choose another image, or push it again with gzip layers.",
    },
  );
}

function brokenOff(layer: Descriptor, cause: unknown): AppError {
  return new AppError("REGISTRY_UNREACHABLE", `Fetching ${layer.digest} broke off ${attempts} times.`, {
    status: "UNAVAILABLE",
    remedy: "Try again later, or name a mirror in DORIAN_REGISTRY_MIRRORS.",
    cause,
  });
}

function endpointOf(registry: string): string {
  if (registry === "docker.io") return "https://registry-1.docker.io";
  // As Docker does: a registry on this very machine may do without TLS.
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(registry);
  return `${isLocal ? "http" : "https"}://${registry}`;
}
