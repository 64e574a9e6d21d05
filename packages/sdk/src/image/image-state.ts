import { AppError } from "@dorian/base/app-error";
import type { ImageDefinition } from "./image-definition.ts";
import type { ImageStep } from "./image-step.ts";
import type { LocalSource } from "./local-source.ts";
import type { PackageManager } from "./npm-steps.ts";

/** An image's definition, with what its next steps depend on. */
export interface ImageState extends ImageDefinition {
  /** What installed the packages of its manifests from a lockfile. */
  readonly packageManager: PackageManager | undefined;
  /** What commands are given to, where a step has said it. */
  readonly shell: readonly string[] | undefined;
  /** Whether there is a Python with pip in it; nobody knows of images that others made. */
  readonly python: "yes" | "no" | "unknown";
}

/** An image of one step. What others made may hold a Python and any npm package. */
export function firstState(step: ImageStep, python: ImageState["python"]): ImageState {
  return {
    base: undefined,
    step,
    npmPackages: new Set(),
    manifests: [],
    localPackages: [],
    packageManager: undefined,
    shell: undefined,
    mayHoldMore: python === "unknown",
    python,
    mounted: [],
  };
}

/**
 * The state after one more step. `changes` is what else it brings.
 *
 * @throws AppError IMAGE_STEP_AFTER_MOUNT
 */
export function withStep(
  state: ImageState,
  base: ImageDefinition,
  step: ImageStep,
  changes: Partial<ImageState>,
): ImageState {
  if (state.mounted.length === 0) return { ...state, ...changes, base, step };
  throw new AppError(
    "IMAGE_STEP_AFTER_MOUNT",
    "A build step follows files that are only added when a container starts.",
    {
      status: "INVALID_ARGUMENT",
      remedy:
        "Move addLocalFile and addLocalDir to the end, or pass { copy: true } to make them part of the image.",
    },
  );
}

/** The state with local files that are laid over the image when a container starts. */
export function withMounted(state: ImageState, source: LocalSource): ImageState {
  return { ...state, mayHoldMore: true, mounted: [...state.mounted, source] };
}
