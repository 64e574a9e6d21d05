/** The layers that one build has made: which go when it fails, which others may find again, which weigh on the disk for it. */
export class BuildLayers {
  /** Nobody finds them again: they are removed when the build fails. */
  #own = new Set<string>();
  #written: string[] = [];
  #ofSteps = new Set<string>();

  /** The layers that it wrote, also those that are kept for other builds. */
  get written(): readonly string[] {
    return this.#written;
  }

  /** The layers of its steps, whoever made them. */
  get ofSteps(): ReadonlySet<string> {
    return this.#ofSteps;
  }

  get own(): Iterable<string> {
    return this.#own;
  }

  /** Adds a layer that a step has written. */
  add(layerId: string): void {
    this.#own.add(layerId);
    this.#written.push(layerId);
    this.#ofSteps.add(layerId);
  }

  /** Notes that a step came to a layer, and that other builds find it. */
  keep(layerId: string): void {
    this.#ofSteps.add(layerId);
    this.#own.delete(layerId);
  }

  /** Adds layers that were made of others of the build when it was done. */
  addJoined(layerIds: readonly string[]): void {
    for (const layerId of layerIds) this.#own.add(layerId);
  }

  /** Gives layers to the image, whose they are from now on. */
  handOver(layerIds: readonly string[]): void {
    for (const layerId of layerIds) this.#own.delete(layerId);
  }
}
