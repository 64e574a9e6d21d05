import { AppError } from "@dorian/base/app-error";
import { transport } from "./client/current-transport.ts";

/** Where the time of a container's start went. Phases follow each other without gaps. */
export interface StartTimeline {
  /** The function's or class's name in its app. */
  functionTag: string;
  /** In the order they came in; docs/glossary.md says what each is. */
  phases: { name: string; milliseconds: number }[];
  /** Bytes that had to be copied to start it, as opposed to mounted. */
  bytesCopied: number;
  /** How long the steps of its image took, whenever they were built. */
  imageBuildMs: number;
}

/**
 * The timeline of a container's start, by the container's id (`currentTaskId()` inside it).
 *
 * @throws AppError TASK_NOT_FOUND, and NOT_OUTSIDE_CONTAINER inside of containers
 *
 * @example
 * const { phases } = await startTimeline(taskId);
 * for (const { name, milliseconds } of phases) console.log(name, Math.round(milliseconds));
 */
export async function startTimeline(taskId: string): Promise<StartTimeline> {
  const { operator } = await transport();
  if (!operator) {
    throw new AppError("NOT_OUTSIDE_CONTAINER", "Timelines cannot be read inside a container.", {
      remedy: "Read them in the local entrypoint or another program.",
    });
  }
  const [found, { items }] = await Promise.all([operator.taskTimeline({ taskId }), operator.imageList({})]);
  const images = new Map(items.map((image) => [image.imageId, image]));
  let imageBuildMs = 0;
  for (let image = images.get(found.imageId); image; image = images.get(image.baseImageId)) {
    imageBuildMs += image.buildSeconds * 1000;
  }
  return {
    imageBuildMs,
    functionTag: found.functionTag,
    phases: found.phases.map(({ name, startedAt, endedAt }) => ({
      name,
      milliseconds: (endedAt - startedAt) * 1000,
    })),
    bytesCopied: Number(found.bytesCopied),
  };
}
