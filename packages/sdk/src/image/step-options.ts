import type { Secret } from "../secret/secret.ts";
import type { Volume } from "../volume/volume.ts";

/** What every step of an image can be told. */
export interface StepOptions {
  /** Build this step, and all after it, even when it was built before. Default: false. */
  forceBuild?: boolean;
}

/** What a step that runs something can be given. None of it is in the image afterwards, but for what the step wrote. */
export interface RunOptions extends StepOptions {
  /** Environment variables of the step alone, as a secret has them. Default: none. */
  secrets?: Secret[];
  /** Environment variables of the step alone. A change of a value builds the step anew. Default: none. */
  env?: Record<string, string>;
  /** By mount path. What the step writes there is committed when it has succeeded, and is no part of the image. Default: none. */
  volumes?: Record<string, Volume>;
  /** "any", a model ("H100"), or a model with a count ("H100:2"). Default: none. */
  gpu?: string;
}
