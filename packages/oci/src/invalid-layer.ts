import { AppError } from "@dorian/base/app-error";

/** A layer that was made wrong, by its maker or to do harm. */
export function invalidLayer(problem: string, cause?: unknown): AppError {
  return new AppError("IMAGE_LAYER_INVALID", `A layer of the image cannot be unpacked: ${problem}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Build the image again with another tool, or choose another image.",
    cause,
  });
}
