import { AppError } from "@dorian/base/app-error";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Journal } from "../../database/journal.ts";
import type { Environments } from "../../access/environment/environments.ts";
import { checkObjectName } from "../../access/object-name.ts";
import type { FunctionRegistry } from "../function/function-registry.ts";
import { authorOf } from "../named-object/get-or-create.ts";
import { metadataOf } from "../image/image-metadata.ts";
import { removeImage, type ImageRegistry } from "../image/image-registry.ts";
import type { ImageRecord } from "../image/image-record.ts";

const usualPage = 100;

/** Images by id and by the names they are published under. */
export function imageNameHandlers(options: {
  journal: Journal;
  images: ImageRegistry;
  functions: FunctionRegistry;
  environments: Environments;
}) {
  const { journal, images, functions, environments } = options;

  /** Clients write the environment before the name or leave it to us. */
  function placeOf(name: string, environmentName = ""): { scope: string; tag: string; environment: string } {
    const [, prefix, image = "", tag = "latest"] = /^(?:([^/:]+)\/)?([^/:]+)(?::([^/:]+))?$/.exec(name) ?? [];
    checkObjectName("an image", image);
    checkObjectName("the tag of an image", tag);
    const environment = environments.require(prefix ?? environmentName);
    return { scope: environment.scope, tag: `${image}:${tag}`, environment: environment.name };
  }

  function requireReady(imageId: string): ImageRecord {
    const image = images.require(imageId);
    if (image.state === "ready") return image;
    throw new AppError("IMAGE_NOT_BUILT", `The image ${imageId} is not built: its build ${outcome(image)}.`, {
      status: "FAILED_PRECONDITION",
      remedy: "Build it first, with `image.build(app)` or a run of an app that uses it.",
    });
  }

  return {
    async imageFromId(request) {
      if (!images.get(request.imageId)) throw idUnknown(request.imageId);
      const image = requireReady(request.imageId);
      return { imageId: image.imageId, metadata: metadataOf(image) };
    },

    async imagePublish(request, context) {
      const { imageId } = requireReady(request.imageId);
      const { scope, tag } = placeOf(request.tag, request.environmentName);
      const publishedBy = authorOf(context);
      const { revisionId } = await images.tags.publish(journal, { scope, tag, imageId, publishedBy });
      return { imageId, revisionId };
    },

    async imageGetByTag(request) {
      const { scope, tag } = placeOf(request.tag, request.environmentName);
      return { imageId: images.tags.require(scope, tag).imageId };
    },

    async imageListTags(request) {
      const environment = environments.require(request.environmentName);
      const found = images.tags
        .current(environment.scope)
        .filter(({ latest }) => latest.tag.startsWith(request.tagPrefix))
        .filter(({ latest }) => request.imageId === "" || latest.imageId === request.imageId);
      const page = pageOf(found, request);
      return {
        environmentName: environment.name,
        nextPageToken: page.nextPageToken,
        items: page.items.map(({ first, latest }) => ({
          tag: latest.tag,
          imageId: latest.imageId,
          revisionId: latest.revisionId,
          createdAt: first.createdAtMs / 1000,
          updatedAt: latest.createdAtMs / 1000,
          lastPublishedBy: latest.publishedBy,
        })),
      };
    },

    async imageTagRevisions(request) {
      const { scope, tag, environment } = placeOf(request.tag, request.environmentName);
      const page = pageOf(images.tags.history(scope, tag), request);
      return {
        tag,
        environmentName: environment,
        nextPageToken: page.nextPageToken,
        items: page.items.map((revision) => ({
          imageId: revision.imageId,
          revisionId: revision.revisionId,
          createdAt: revision.createdAtMs / 1000,
          publishedBy: revision.publishedBy,
        })),
      };
    },

    async imageDelete(request) {
      const image = images.require(request.imageId);
      const user = userOf(image.imageId);
      if (user !== undefined) {
        throw new AppError("IMAGE_IN_USE", `The image ${image.imageId} is in use: ${user}.`, {
          status: "FAILED_PRECONDITION",
          remedy: "Stop the app, or leave the image to be removed when nothing has used it for a month.",
        });
      }
      await images.tags.forgetImage(journal, image.imageId);
      await removeImage({ images, journal }, image);
      return {};
    },
  } satisfies ServiceHandlers<typeof ModalClient>;

  function userOf(imageId: string): string | undefined {
    if (images.require(imageId).state === "building") return "it is being built";
    for (const record of functions.all()) {
      const uses = [record.definition, record.pending].some((definition) => definition?.imageId === imageId);
      if (uses && !record.isBuilder) return `the function ${record.tag} runs on it`;
    }
    for (const other of images.all()) {
      if (other.baseImageId === imageId && other.state !== "failed")
        return `${other.imageId} was built on it`;
    }
    return undefined;
  }
}

function outcome(image: ImageRecord): string {
  return image.state === "building" ? "is still running" : "failed";
}

/** Page tokens are positions in the list. */
function pageOf<T>(items: readonly T[], request: { maxObjects: number; pageToken: string }) {
  const start = Number(request.pageToken) || 0;
  const end = start + (request.maxObjects || usualPage);
  return { items: items.slice(start, end), nextPageToken: end < items.length ? String(end) : "" };
}

/** Clients tell this case by its words. */
function idUnknown(imageId: string): AppError {
  return new AppError("IMAGE_NOT_FOUND", `Could not find image with ID '${imageId}'.`, {
    status: "NOT_FOUND",
    remedy: "Run or deploy the app again: its images are then built anew.",
  });
}
