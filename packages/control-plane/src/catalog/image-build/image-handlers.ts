import { Deadline } from "@dorian/base/deadline";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  GenericResult_GenericStatus as Status,
  type ImageJoinStreamingResponseSchema,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { OperatorService } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { inWordsOf } from "@dorian/protocol/error/words";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Database } from "../../database/database.ts";
import { readBuildLog } from "./build-log.ts";
import type { ImageBuilds } from "./image-builds.ts";
import { metadataOf } from "../image/image-metadata.ts";
import type { ImageRegistry } from "../image/image-registry.ts";

/** How long a stream is kept open when the client does not say. */
const defaultTimeoutSecs = 55;

export function imageHandlers(options: {
  db: Database;
  images: ImageRegistry;
  builds: ImageBuilds;
  apps: AppRegistry;
}) {
  const { db, images, builds, apps } = options;
  type Part = MessageInitShape<typeof ImageJoinStreamingResponseSchema>;

  async function* follow(
    imageId: string,
    entry: number,
    options: { timeoutMs: number; signal: AbortSignal },
  ): AsyncGenerator<Part, { entry: number; finished: boolean }> {
    const build = builds.running(imageId);
    if (!build) return { entry, finished: true };
    using waiter = build.wait();
    const deadline = new Deadline(options.timeoutMs);
    let ended = false;
    void waiter.finished.then(() => {
      ended = true;
      waiter.log.changed.notify();
    });
    for (;;) {
      const lines = await waiter.log.after(entry);
      if (lines.items.length > 0) {
        entry = lines.entry;
        yield { taskLogs: lines.items, entryId: String(entry) };
        continue;
      }
      // What was said while the log was read has not been waited for.
      if (waiter.log.last > entry) continue;
      if (ended) return { entry, finished: true };
      if (deadline.isOver || options.signal.aborted) return { entry, finished: false };
      await waiter.log.changed.wait({ signal: options.signal, timeoutMs: deadline.leftMs });
    }
  }

  const modal = {
    async imageGetOrCreate(request) {
      if (request.appId !== "") apps.requireOpen(request.appId);
      const { image, reason } = await builds.getOrCreate(request);
      return {
        imageId: image.imageId,
        ...(image.state === "ready" && image.result ? { result: image.result } : {}),
        metadata: metadataOf(image),
        buildReason: reason,
      };
    },

    async *imageJoinStreaming(request, context) {
      const { imageId } = images.require(request.imageId);
      const given = Number(request.lastEntryId || 0);
      const timeoutMs = (request.timeout || defaultTimeoutSecs) * 1000;
      const wasRunning = builds.running(imageId) !== undefined;
      let { entry, finished } = yield* follow(imageId, given, { timeoutMs, signal: context.signal });
      if (!finished) return;
      if (!wasRunning && (request.includeLogsForFinished || given > 0)) {
        for (;;) {
          const lines = await readBuildLog(db, imageId, entry);
          if (lines.items.length === 0) break;
          entry = lines.entry;
          yield { taskLogs: lines.items, entryId: String(entry) };
        }
      }
      const image = images.require(imageId);
      yield {
        result: image.result
          ? { ...image.result, exception: inWordsOf(context.language, image.result.exception) }
          : { status: Status.FAILURE, exception: `The build of ${imageId} has no result.` },
        metadata: metadataOf(image),
        entryId: String(entry),
        eof: true,
      };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;

  const operator = {
    async imageList() {
      const items = [...images.all()]
        .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
        .map((image) => ({
          imageId: image.imageId,
          description: image.description,
          baseImageId: image.baseImageId ?? "",
          createdAt: image.createdAtMs / 1000,
          bytes: BigInt(image.bytes),
          buildSeconds: image.buildMs / 1000,
          state: image.state,
        }));
      return { items };
    },
  } satisfies ServiceHandlers<typeof OperatorService>;

  return { modal, operator };
}
