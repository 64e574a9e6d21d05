import type { ImageStep } from "./image-step.ts";
import type { LocalSource } from "./local-source.ts";

/** What an image is made of, as plain data: what is read to build it. */
export interface ImageDefinition {
  /** What the step is done to; undefined for a first one. */
  readonly base: ImageDefinition | undefined;
  readonly step: ImageStep;
  /** Npm packages that its steps install, by name. */
  readonly npmPackages: ReadonlySet<string>;
  /** Local `package.json` files whose packages it holds. */
  readonly manifests: readonly string[];
  /** Local directories that are npm packages in it. */
  readonly localPackages: readonly string[];
  /** Whether it may hold npm packages that no step of it names: of others' images, and of commands, nobody knows. */
  readonly mayHoldMore: boolean;
  /** Files that are laid over it when a container starts. */
  readonly mounted: readonly LocalSource[];
}
