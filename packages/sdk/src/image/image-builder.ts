import { AppError } from "@dorian/base/app-error";
import type { ImageDefinition } from "./image-definition.ts";

/** Has an image built on the server; gives its id. */
export type BuildImage = (image: ImageDefinition) => Promise<string>;

// Building reads files and code of the app's author: who runs the app says how that is done.
let current: BuildImage | undefined;

/** Says what builds images in this process until it is disposed of. */
export function setImageBuilder(build: BuildImage): Disposable {
  current = build;
  return {
    [Symbol.dispose]() {
      current = undefined;
    },
  };
}

/** What builds images in this process. @throws AppError IMAGE_NOT_BUILDABLE */
export function imageBuilder(): BuildImage {
  if (current) return current;
  throw new AppError(
    "IMAGE_NOT_BUILDABLE",
    "There is no running app here that an image could be built for.",
    {
      status: "FAILED_PRECONDITION",
      remedy: "Build it in the app's localEntrypoint, and start that with `dorian run`.",
    },
  );
}
