import type { MessageInitShape } from "@bufbuild/protobuf";
import { Stopwatch } from "@dorian/base/stopwatch";
import {
  GenericResult_GenericStatus as Status,
  type GenericResult,
  type ImageSchema,
} from "@dorian/protocol/modal";
import type { DeploySession } from "./deploy-session.ts";
import { checkOutcome, imageOutcome } from "./image-outcome.ts";
import { onceUnlessFailed } from "./once-unless-failed.ts";

/** An image, or one more step of one, as the server is asked for it. */
export interface ImageRequest {
  image: MessageInitShape<typeof ImageSchema>;
  /** What the step is called while it is built. */
  description: string;
  /** Empty where no function runs. */
  buildFunctionId: string;
  forceBuild: boolean;
}

/** Asks the server for images, and tells of each once. */
export class ImageRequests {
  #session: DeploySession;
  #ready = new Map<string, Promise<boolean>>();

  constructor(session: DeploySession) {
    this.#session = session;
  }

  /**
   * The id of the image, when it is built.
   *
   * @throws AppError IMAGE_BUILD_FAILED, IMAGE_BUILD_TIMEOUT, IMAGE_BUILD_TERMINATED
   */
  async ask(request: ImageRequest): Promise<string> {
    const { modal, appId, signal, ignoreCache } = this.#session;
    const forceBuild = request.forceBuild || this.#session.forceBuild;
    const asked = {
      image: request.image,
      appId,
      buildFunctionId: request.buildFunctionId,
      forceBuild,
      ignoreCache,
    };
    for (;;) {
      const watch = new Stopwatch();
      const { imageId, result, buildReason } = await modal.imageGetOrCreate(asked, { signal });
      // Another Image object of the same definition leads to the same image: its build is told about once.
      const { description } = request;
      const told = { imageId, result, buildReason, watch, description };
      if (await onceUnlessFailed(this.#ready, imageId, () => this.#tell(told))) return imageId;
      this.#ready.delete(imageId);
    }
  }

  /** Follows an image until it is there. False when a restart of the server interrupted its build. */
  async #tell(image: {
    imageId: string;
    result: GenericResult | undefined;
    buildReason: string;
    /** Started when it was asked for. */
    watch: Stopwatch;
    description: string;
  }): Promise<boolean> {
    const { imageId, result, description, watch } = image;
    const { onProgress } = this.#session;
    const built = (result?.status ?? Status.UNSPECIFIED) === Status.UNSPECIFIED;
    if (built) onProgress({ kind: "image-building", imageId, description, reason: image.buildReason });
    const outcome = built ? await imageOutcome(imageId, this.#session) : (result as GenericResult);
    if (outcome === "interrupted") return false;
    checkOutcome(imageId, description, outcome);
    onProgress({ kind: "image-ready", imageId, description, built, seconds: watch.ms / 1000 });
    return true;
  }
}
