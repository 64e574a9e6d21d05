import { AppError } from "@dorian/base/app-error";

/** Checks what an image is named by. @throws AppError IMAGE_REFERENCE_INVALID */
export function checkReference(reference: string): string {
  if (typeof reference === "string" && /^\S+$/.test(reference)) return reference;
  throw new AppError("IMAGE_REFERENCE_INVALID", `${JSON.stringify(reference)} is not an image reference.`, {
    status: "INVALID_ARGUMENT",
    remedy: 'Write it like "debian:bookworm-slim" or "registry.example/team/image:tag".',
  });
}
