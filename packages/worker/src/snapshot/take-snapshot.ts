import { messageOf } from "@dorian/base/app-error";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { GrpcServer } from "@dorian/protocol/server/grpc-server";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { Criu } from "../container/runc/criu.ts";
import type { Container } from "../container/runtime.ts";
import { bytesIn } from "../volume/upper-directory.ts";

/** For a guest, and what else its container has, to hang up: nothing that leads out of a container can be brought back. */
const partingMs = 1_000;
/** A process may call the platform again while the memory is written. */
const attempts = 3;

export type SnapshotOutcome =
  | { layerId: string; bytes: number; tookMs: number }
  | { failure: string; tookMs: number };

export interface SnapshotParts {
  layers: LayerStore;
  criu: Criu;
  /** Where the container's processes call the platform. */
  gateway: Pick<GrpcServer, "accepted" | "hangUp">;
  signal: AbortSignal;
}

/** Takes a snapshot of a container whose guest has asked for it and waits, and makes it a layer. Never throws but for the signal's reason. */
export async function takeSnapshot(container: Container, parts: SnapshotParts): Promise<SnapshotOutcome> {
  const { gateway, signal } = parts;
  const watch = new Stopwatch();
  for (let attempt = 1; ; attempt++) {
    await gateway.hangUp({ patienceMs: partingMs });
    const { accepted } = gateway;
    try {
      const written = await write(container, parts);
      return { ...written, tookMs: Math.round(watch.ms) };
    } catch (error) {
      signal.throwIfAborted();
      if (attempt < attempts && gateway.accepted > accepted) continue;
      return { failure: messageOf(error), tookMs: Math.round(watch.ms) };
    }
  }
}

async function write(container: Container, { layers, criu, signal }: SnapshotParts) {
  signal.throwIfAborted();
  await using draft = await layers.draft();
  await container.checkpoint({ directory: draft.path, criu, signal });
  const bytes = await bytesIn(draft.path);
  return { layerId: await draft.seal({ durable: true }), bytes };
}
