import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LayerStore } from "@dorian/storage/layer-store";
import { unlessAbsent } from "@dorian/base/unless-absent";
import type { ImageConfiguration } from "@dorian/oci/image-configuration";
import { Turns } from "@dorian/base/turns";

/** A file system to build on, and what it says about processes in it. */
export interface BaseImage {
  /** Lowest first. */
  layerIds: string[];
  config: ImageConfiguration;
  /** Instructions that it has for whatever is built on it. */
  onBuild?: string[];
  /** Pulled with the login of an image's author: who builds on it asks the registry with a login of their own. */
  isPrivate?: true;
  /** What whoever builds on it should know. */
  note?: string;
}

interface Contents {
  /** By the name that a FROM line gives it, in full. */
  images: Record<string, BaseImage>;
  /** Layer that holds a registry's blob, by digest. */
  blobs: Record<string, string>;
}

/** Remembers, in the data directory, the base images that are in the layer store. */
export class BaseCache {
  #path: string;
  #layers: LayerStore;
  /** Changes one after the other: each reads the file, so that other processes' changes stay. */
  #turns = new Turns();

  constructor(options: { dataDirectory: string; layers: LayerStore }) {
    this.#path = join(options.dataDirectory, "bases.json");
    this.#layers = options.layers;
  }

  /** Undefined when it is not known, or a layer of it is gone. */
  async readImage(name: string): Promise<BaseImage | undefined> {
    const image = (await this.#read()).images[name];
    return image && (await this.#haveAll(image.layerIds)) ? image : undefined;
  }

  async putImage(name: string, image: BaseImage): Promise<void> {
    await this.#change((contents) => {
      contents.images[name] = image;
    });
  }

  async readBlobLayer(digest: string): Promise<string | undefined> {
    const layerId = (await this.#read()).blobs[digest];
    return layerId !== undefined && (await this.#haveAll([layerId])) ? layerId : undefined;
  }

  async putBlobLayer(digest: string, layerId: string): Promise<void> {
    await this.#change((contents) => {
      contents.blobs[digest] = layerId;
    });
  }

  async #haveAll(layerIds: string[]): Promise<boolean> {
    for (const layerId of layerIds) if (!(await this.#layers.has(layerId))) return false;
    return true;
  }

  #change(apply: (contents: Contents) => void): Promise<void> {
    return this.#turns.take(async () => {
      const contents = await this.#read();
      apply(contents);
      const draft = `${this.#path}.${randomBytes(4).toString("hex")}`;
      await writeFile(draft, `${JSON.stringify(contents, null, 2)}\n`, { flush: true });
      await rename(draft, this.#path);
    });
  }

  async #read(): Promise<Contents> {
    const text = await unlessAbsent(readFile(this.#path, "utf8"));
    return text === undefined ? { images: {}, blobs: {} } : (JSON.parse(text) as Contents);
  }
}
