import { create } from "@bufbuild/protobuf";
import { AppError, explanationOf } from "@dorian/base/app-error";
import { orAborted } from "@dorian/base/or-aborted";
import { newId } from "@dorian/base/ids";
import { Stopwatch } from "@dorian/base/stopwatch";
import {
  GenericResult_GenericStatus as Status,
  GenericResultSchema,
  type ImageGetOrCreateRequest,
} from "@dorian/protocol/modal";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { Logger } from "pino";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import { BuildLog } from "./build-log.ts";
import type { BuildComponents } from "../image/build-components.ts";
import { buildKey, componentsOf, type ComponentSources } from "./build-key.ts";
import { buildReason } from "./build-reason.ts";
import { attemptBuild } from "./attempt-build.ts";
import { failureOf, type createBuildRunner } from "./build-runner.ts";
import { readImageContents } from "../image/image-contents.ts";
import {
  emptyConfig,
  imageCycle,
  saveImage,
  touchImage,
  type ImageRegistry,
} from "../image/image-registry.ts";
import type { ImageRecord } from "../image/image-record.ts";
import { RunningBuild, type CacheUse } from "./running-build.ts";

export interface ImageBuildsOptions {
  db: Database;
  journal: Journal;
  images: ImageRegistry;
  apps: AppRegistry;
  layers: LayerStore;
  sources: ComponentSources;
  run: ReturnType<typeof createBuildRunner>;
  /** Name of a build function, for messages. */
  functionTag(functionId: string): string;
  graceMs: number;
  room: RoomWatch;
  nowMs: () => number;
  logger: Logger;
}

/** Finds images in the cache or builds them: once for each content, however many ask. */
export class ImageBuilds implements AsyncDisposable {
  #options: ImageBuildsOptions;
  #running = new Map<string, RunningBuild>();
  #byImage = new Map<string, RunningBuild>();
  /** What forced builds have made for an app: one run asks for the same step several times. */
  #madeFor = new Map<string, string>();
  #stopping = false;

  private constructor(options: ImageBuildsOptions) {
    this.#options = options;
  }

  /** Builds that ran when the server stopped have failed: their workers gave up with it. */
  static async open(options: ImageBuildsOptions): Promise<ImageBuilds> {
    const builds = new ImageBuilds(options);
    for (const image of options.images.all()) {
      if (image.state !== "building") continue;
      const result = create(GenericResultSchema, {
        status: Status.TERMINATED,
        exception: `The build of ${image.imageId} was interrupted by a restart of the server. Run again to build it.`,
      });
      await builds.#record({ ...image, state: "failed", cached: false, result });
    }
    return builds;
  }

  get count(): number {
    return this.#running.size;
  }

  running(imageId: string): RunningBuild | undefined {
    return this.#byImage.get(imageId);
  }

  /** The image that a request describes, ready or being built, and why it has to be built ("" if it has not). */
  async getOrCreate(request: ImageGetOrCreateRequest): Promise<{ image: ImageRecord; reason: string }> {
    const { images, sources } = this.#options;
    const components = componentsOf(request, sources);
    this.#checkChain(request, components);
    const key = buildKey(components);
    const cacheUse: CacheUse = request.forceBuild ? "force" : request.ignoreCache ? "ignore" : "normal";

    const cached = await this.#usable(this.#candidate(key, cacheUse, request.appId));
    // Nothing may wait between here and the note of the new build: others ask for the same at this moment.
    const joined = this.#joinable(key, cacheUse);
    if (joined) {
      joined.touch(request.appId);
      await joined.recorded;
      return { image: images.require(joined.imageId), reason: joined.reason };
    }
    if (cached.kind === "ready") {
      await touchImage(this.#options, cached.image, this.#options.nowMs());
      return { image: cached.image, reason: "" };
    }
    if (this.#stopping) throw stopping();
    this.#options.room.require();
    return await this.#start(request, components, key, cacheUse, cached.lost);
  }

  /** Ends the builds that nobody but this app wants. */
  appEnded(appId: string): void {
    for (const build of this.#running.values()) build.appEnded(appId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    const all = [...this.#running.values()];
    for (const build of all) build.cancel(new Error("the server is stopping"));
    await Promise.all(all.map((build) => build.finished));
  }

  #candidate(key: string, cacheUse: CacheUse, appId: string): ImageRecord | undefined {
    const { images } = this.#options;
    if (cacheUse === "normal") return images.cached(key);
    const made = appId === "" ? undefined : this.#madeFor.get(`${cacheUse} ${appId} ${key}`);
    return made === undefined ? undefined : images.get(made);
  }

  /** `lost`: the image was built, but layers of it are no longer on disk. */
  async #usable(
    image: ImageRecord | undefined,
  ): Promise<{ kind: "ready"; image: ImageRecord } | { kind: "none"; lost: ImageRecord | undefined }> {
    if (image?.state !== "ready") return { kind: "none", lost: undefined };
    const { layers } = this.#options;
    const present = await Promise.all(image.layerIds.map((layerId) => layers.has(layerId)));
    return present.every(Boolean) ? { kind: "ready", image } : { kind: "none", lost: image };
  }

  #joinable(key: string, cacheUse: CacheUse): RunningBuild | undefined {
    const uses: CacheUse[] = cacheUse === "normal" ? ["normal", "force"] : [cacheUse];
    const found = uses.map((use) => this.#running.get(`${use} ${key}`));
    return found.find((build) => build && !build.signal.aborted);
  }

  async #start(
    request: ImageGetOrCreateRequest,
    components: BuildComponents,
    key: string,
    cacheUse: CacheUse,
    lost: ImageRecord | undefined,
  ): Promise<{ image: ImageRecord; reason: string }> {
    const { images, db, journal, graceMs } = this.#options;
    const subject = request.buildFunctionId === "" ? "" : this.#options.functionTag(request.buildFunctionId);
    const slot = this.#slotOf(request, components, subject);
    const reason = this.#reason(components, slot, subject, cacheUse, lost);
    const now = this.#options.nowMs();
    const image: ImageRecord = {
      // Under the id of the one whose layers were lost, so that what refers to it works again.
      imageId: lost?.imageId ?? newId("im"),
      buildKey: key,
      cached: false,
      state: "building",
      slot,
      components,
      baseImageId: components.base === "" ? undefined : components.base,
      layerIds: [],
      config: emptyConfig(),
      result: undefined,
      description: describe(components, subject),
      bytes: 0,
      buildMs: 0,
      createdAtMs: now,
      usedAtMs: now,
      contents: undefined,
    };
    const log = new BuildLog({ imageId: image.imageId, db, journal });
    const { appId } = request;
    const { imageId } = image;
    const recorded = this.#record(image);
    const build = new RunningBuild({ imageId, cacheUse, reason, log, recorded, appId, graceMs });
    const runningKey = `${cacheUse} ${key}`;
    this.#running.set(runningKey, build);
    this.#byImage.set(image.imageId, build);
    images.put(image);
    void this.#run(build, image, request).finally(() => {
      // A cancelled build may have a successor by now.
      if (this.#running.get(runningKey) === build) this.#running.delete(runningKey);
      if (this.#byImage.get(image.imageId) === build) this.#byImage.delete(image.imageId);
      build.finish();
    });
    if (cacheUse !== "normal" && appId !== "") {
      this.#madeFor.set(`${cacheUse} ${appId} ${key}`, image.imageId);
    }
    await recorded;
    return { image, reason };
  }

  async #run(build: RunningBuild, image: ImageRecord, request: ImageGetOrCreateRequest): Promise<void> {
    const { logger, images } = this.#options;
    const watch = new Stopwatch();
    try {
      await build.recorded;
      const base = () => this.#base(image.baseImageId, build.signal);
      const outcome = await attemptBuild({ build, image, request, base }, this.#options);
      await build.log.finish();
      const isReady = outcome.result.status === Status.SUCCESS;
      const { layers } = this.#options;
      const layerPaths = outcome.layerIds.map((layerId) => layers.path(layerId));
      const contents = isReady ? await readImageContents(layerPaths, outcome.config.env["PATH"]) : undefined;
      const finished: ImageRecord = {
        ...image,
        ...(isReady ? { layerIds: outcome.layerIds, config: outcome.config, bytes: outcome.bytes } : {}),
        state: isReady ? "ready" : "failed",
        cached: isReady && build.cacheUse !== "ignore",
        result: outcome.result,
        buildMs: Math.round(watch.ms),
        usedAtMs: this.#options.nowMs(),
        contents,
      };
      await this.#record(finished);
    } catch (error) {
      // The database refused: what is in memory must not claim more than the disk will say after a restart.
      logger.error({ err: error, imageId: image.imageId }, "could not record an image build");
      const result = failureOf(`The build could not be recorded: ${explanationOf(error)}`);
      images.put({ ...image, state: "failed", result });
    }
  }

  /** The image below, waited for if it is being built. */
  async #base(imageId: string | undefined, signal: AbortSignal): Promise<ImageRecord | undefined> {
    if (imageId === undefined) return undefined;
    const running = this.#byImage.get(imageId);
    if (running) {
      using waiter = running.wait();
      await orAborted(waiter.finished, signal);
    }
    const base = this.#options.images.require(imageId);
    const usable = await this.#usable(base);
    if (usable.kind === "ready") return base;
    throw new AppError("IMAGE_BASE_UNUSABLE", `The image ${imageId} below this step is not usable.`, {
      remedy: "Run again: the whole chain is then checked and built where needed.",
    });
  }

  async #record(image: ImageRecord): Promise<void> {
    await this.#options.journal.write((trx) => saveImage(trx, image));
    this.#options.images.put(image);
  }

  #checkChain(request: ImageGetOrCreateRequest, components: BuildComponents): void {
    if (components.base === "") return;
    const chain = this.#options.images.chain(components.base);
    if (request.existingImageId !== "" && chain.includes(request.existingImageId)) {
      throw imageCycle(request.existingImageId);
    }
  }

  #slotOf(request: ImageGetOrCreateRequest, components: BuildComponents, subject: string): string {
    const { apps, images } = this.#options;
    const app = apps.get(request.appId);
    const title = app?.name ?? app?.description ?? "";
    const depth = components.base === "" ? 0 : images.chain(components.base).length;
    return subject === "" ? `${title} step ${depth}` : `${title} build ${subject}`;
  }

  #reason(
    components: BuildComponents,
    slot: string,
    subject: string,
    cacheUse: CacheUse,
    lost: ImageRecord | undefined,
  ): string {
    if (cacheUse === "force") return "a build was forced";
    if (cacheUse === "ignore") return "the cache is ignored";
    if (lost) return "its layers are no longer on disk";
    return buildReason(components, this.#options.images.ofSlot(slot, 20), subject);
  }
}

function describe(components: BuildComponents, subject: string): string {
  if (subject !== "") return `build ${subject}`;
  const lines = components.commands.filter((line) => line.trim() !== "");
  const first = lines.find((line) => !/^\s*FROM\s+base\s*$/i.test(line)) ?? lines[0] ?? "";
  return first.length > 200 ? `${first.slice(0, 199)}…` : first;
}

function stopping(): AppError {
  return new AppError("SERVER_STOPPING", "The server is stopping.", {
    status: "UNAVAILABLE",
    remedy: "Try again when it is back.",
  });
}
