import { AppError } from "@dorian/base/app-error";

/** A Dockerfile that cannot be built as it is written. `line` counts from 1. */
export function dockerfileError(
  line: number,
  problem: string,
  remedy = "Correct the line in the image's definition.",
): AppError {
  return new AppError("DOCKERFILE_INVALID", `Line ${line} of the Dockerfile: ${problem}`, {
    status: "INVALID_ARGUMENT",
    remedy,
  });
}
