import { AppError } from "@dorian/base/app-error";
import type { BuildFailure, Message } from "esbuild";

/** A failed build as one error that shows the user's own lines. */
export function bundleError(entryFile: string, failure: unknown): AppError {
  if (!isBuildFailure(failure)) throw failure;
  const found = failure.errors.map((error) => describe(error)).join("\n\n");
  return new AppError("BUNDLE_FAILED", `Cannot bundle ${entryFile}:\n\n${found}`, {
    status: "INVALID_ARGUMENT",
    remedy: "Correct the source at the place shown and try again.",
    cause: failure,
  });
}

/** An error or warning with the user's own line. */
export function describe(error: Message): string {
  const { location } = error;
  const notes = error.notes.map((note) => `\n  ${note.text}`).join("");
  if (!location) return `${error.text}${notes}`;
  const number = String(location.line);
  // Tabs keep their place, so that the mark stands under the character it means.
  const indent = location.lineText.slice(0, location.column).replace(/[^\t]/g, " ");
  const mark = "^".repeat(Math.max(1, location.length));
  return [
    `${location.file}:${number}:${location.column + 1}: ${error.text}`,
    `  ${number} | ${location.lineText}`,
    `  ${" ".repeat(number.length)} | ${indent}${mark}${notes}`,
  ].join("\n");
}

function isBuildFailure(failure: unknown): failure is BuildFailure {
  return failure instanceof Error && "errors" in failure && Array.isArray(failure.errors);
}
