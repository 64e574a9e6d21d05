import { AppError } from "@dorian/base/app-error";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { OperatorSettings } from "@dorian/operator/operator-settings";
import type { RegistryCredentials } from "@dorian/operator/registry-settings";
import { BaseCache, type BaseImage } from "./base-cache.ts";
import { bootstrapDebian } from "./debian/bootstrap-debian.ts";
import { debianTagOf, type DebianTag } from "./debian/debian-tag.ts";
import { defaultPath, emptyConfiguration } from "./image-configuration.ts";
import { makeNodeLayer, nodeImage, nodeLayerKey, type NodeLayerOptions } from "./node-layer.ts";
import {
  formatImageReference,
  parseImageReference,
  type ImageReference,
} from "./registry/image-reference.ts";
import { pullImage } from "./registry/pull-image.ts";
import { RegistryTransport } from "./registry/registry-transport.ts";
import { SharedWork, type Participant } from "./shared-work.ts";

export interface BaseImagesOptions {
  layers: LayerStore;
  operator: OperatorSettings;
  dataDirectory: string;
  node: NodeLayerOptions;
}

/** The images that FROM and COPY --from name, got once and kept in the layer store. */
export class BaseImages {
  #options: BaseImagesOptions;
  #cache: BaseCache;
  #work = new SharedWork<BaseImage>();

  constructor(options: BaseImagesOptions) {
    this.#options = options;
    this.#cache = new BaseCache(options);
  }

  /**
   * An image by its name: from the cache, this machine's Node, a registry, or for Debian when no registry can be
   * reached from Debian's packages.
   *
   * @throws AppError IMAGE_NOT_FOUND, REGISTRY_UNREACHABLE, REGISTRY_ACCESS_DENIED, DEBIAN_BOOTSTRAP_FAILED, …
   */
  async get(name: string, asker: Participant & { credentials?: RegistryCredentials }): Promise<BaseImage> {
    if (name === "scratch") return { layerIds: [], config: emptyConfiguration() };
    const [repository, tag = "latest"] = name.split(":");
    if (repository === nodeImage) {
      const key = await nodeLayerKey(tag, this.#options.node);
      return this.#once(key, asker, (participant) => this.#makeNode(key, participant));
    }
    const reference = parseImageReference(name);
    return this.#once(formatImageReference(reference), asker, (participant) =>
      this.#fetch(reference, {
        ...participant,
        ...(asker.credentials ? { credentials: asker.credentials } : {}),
      }),
    );
  }

  async #once(
    key: string,
    asker: Participant,
    make: (participant: Participant) => Promise<BaseImage>,
  ): Promise<BaseImage> {
    const known = await this.#cache.image(key);
    if (known) return known;
    const work = async (participant: Participant) => {
      const made = await make(participant);
      await this.#cache.putImage(key, made);
      return made;
    };
    return this.#work.run(key, work, asker);
  }

  async #makeNode(key: string, { onLog }: Participant): Promise<BaseImage> {
    onLog(`   making the layer ${key}\n`);
    const layerId = await makeNodeLayer(this.#options.layers, this.#options.node);
    return { layerIds: [layerId], config: emptyConfiguration() };
  }

  async #fetch(
    reference: ImageReference,
    participant: Participant & { credentials?: RegistryCredentials },
  ): Promise<BaseImage> {
    const { layers, operator } = this.#options;
    const { onLog } = participant;
    using transport = new RegistryTransport(operator);
    const blobLayers = {
      get: (digest: string) => this.#cache.blobLayer(digest),
      put: (digest: string, layerId: string) => this.#cache.putBlobLayer(digest, layerId),
    };
    onLog(`   fetching ${formatImageReference(reference)}\n`);
    try {
      return await pullImage(reference, {
        ...participant,
        layers,
        transport,
        blobLayers,
        registries: operator.registries,
      });
    } catch (error) {
      const debian = debianTagOf(reference);
      if (!debian || !AppError.is(error) || error.code !== "REGISTRY_UNREACHABLE") throw error;
      onLog(
        `   ${error.message}\n   Making Debian ${debian.suite} from its packages instead (once, about half a minute).\n`,
      );
      return this.#bootstrap(debian, participant);
    }
  }

  async #bootstrap(tag: DebianTag, { onLog, signal }: Participant): Promise<BaseImage> {
    const { layers, operator } = this.#options;
    await using draft = await layers.draft();
    await bootstrapDebian(tag, draft.path, { operator, onLog, signal });
    const layerId = await draft.seal({ durable: true });
    return {
      layerIds: [layerId],
      config: { ...emptyConfiguration(), env: { PATH: defaultPath }, cmd: ["bash"] },
    };
  }
}
