/** The layers that one build has made: which go when it fails, which others may find again, which weigh on the disk for it. */
export class BuildLayers {
  /** Nobody finds them again: they are removed when the build fails. */
  #own = new Set<string>();
  #written: string[] = [];
  #ofSteps = new Set<string>();

  /** All that it wrote, also what is kept for other builds. */
  get written(): readonly string[] {
    return this.#written;
  }

  /** Those of its steps, whoever made them. */
  get ofSteps(): ReadonlySet<string> {
    return this.#ofSteps;
  }

  get own(): Iterable<string> {
    return this.#own;
  }

  /** A step has written it. */
  add(layerId: string): void {
    this.#own.add(layerId);
    this.#written.push(layerId);
    this.#ofSteps.add(layerId);
  }

  /** A step came to it, and other builds find it. */
  keep(layerId: string): void {
    this.#ofSteps.add(layerId);
    this.#own.delete(layerId);
  }

  /** Made of others of the build when it was done. */
  addJoined(layerIds: readonly string[]): void {
    for (const layerId of layerIds) this.#own.add(layerId);
  }

  /** The image has them. */
  handOver(layerIds: readonly string[]): void {
    for (const layerId of layerIds) this.#own.delete(layerId);
  }
}
