import { AppError } from "@dorian/base/app-error";

/** Mode of files that several layers may share. */
export const sharedMode = 0o644;
/** What a client may choose: not that a file gives rights to whoever runs it. */
const permissionBits = 0o777;

export interface BlockReference {
  /** SHA-256 of the content, 64 hexadecimal digits. */
  sha: string;
  /** Bytes that are stored; zeros at the end of a block may be left out. */
  size: number;
}

export interface FileContent {
  /** For messages. */
  path: string;
  /** True size in bytes: what the blocks lack is zeros. */
  size: number;
  /** Permission bits; 0644 if absent. */
  mode?: number | undefined;
  /** One block for the whole file, or one per 8 MiB. */
  blocks: readonly BlockReference[];
}

export function permissionsOf({ mode }: Pick<FileContent, "mode">): number {
  return (mode ?? sharedMode) & permissionBits;
}

/** @throws AppError BLOCK_ID_INVALID */
export function checkDigest(sha: string): void {
  if (/^[0-9a-f]{64}$/.test(sha)) return;
  throw new AppError("BLOCK_ID_INVALID", `"${sha}" is not a SHA-256 digest.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Pass the digest of the content as 64 lower-case hexadecimal digits.",
  });
}

export function blockMissing({ path }: Pick<FileContent, "path">, sha: string): AppError {
  return new AppError("BLOCK_NOT_FOUND", `Content ${sha} of ${JSON.stringify(path)} was not uploaded.`, {
    status: "FAILED_PRECONDITION",
    remedy: "Upload the file's content first, then name it in the volume.",
  });
}

export function blockTooLarge(mostBytes: number): AppError {
  return new AppError("BLOCK_TOO_LARGE", `A block holds at most ${mostBytes} bytes.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Cut the file every 8 MiB.",
  });
}

export function digestMismatch(received: { sha: string; size: number }, expected: string): AppError {
  return new AppError(
    "BLOCK_DIGEST_MISMATCH",
    `The ${received.size} bytes received have the digest ${received.sha}, not ${expected}.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "The content changed while it was sent, or was damaged on the way. Send it again.",
    },
  );
}
