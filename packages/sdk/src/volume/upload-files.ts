import { AppError } from "@dorian/base/app-error";
import { must } from "@dorian/base/must";
import type { ModalClient, VolumePutFiles2Response_MissingBlock } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { transfer } from "./byte-transfer.ts";
import { blockBytes, fileBlock } from "./file-block.ts";
import type { UploadFile } from "./upload-source.ts";

export interface UploadProgress {
  /** Files are read to learn which blocks the server lacks, and then those are sent. */
  phase: "reading" | "sending";
  /** Bytes of the phase that are done. Blocks that the server has count as sent. */
  doneBytes: number;
  totalBytes: number;
  /** Bytes that went to the server. */
  sentBytes: number;
}

export interface UploadOptions {
  /** Replace files that exist; otherwise they are an error, and nothing is changed. Default false. */
  overwrite?: boolean;
  onProgress?: (progress: UploadProgress) => void;
  signal?: AbortSignal;
}

const transfersAtOnce = 8;

/**
 * Puts files into a volume, all of them in one new version. Blocks that the server has are not sent again.
 *
 * @throws AppError LOCAL_FILE_CHANGED, TRANSFER_FAILED, and what the server refuses
 */
export async function uploadFiles(
  modal: Pick<ServiceClient<typeof ModalClient>, "volumePutFiles2">,
  volumeId: string,
  files: readonly UploadFile[],
  options: UploadOptions = {},
): Promise<void> {
  if (files.length === 0) return;
  const { overwrite = false, onProgress = () => undefined, signal = new AbortController().signal } = options;
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const digests = await readDigests(files, {
    onBytes: (doneBytes) => onProgress({ phase: "reading", doneBytes, totalBytes, sentBytes: 0 }),
    signal,
  });
  const receipts = new Map<string, Uint8Array>();
  const put = () =>
    modal.volumePutFiles2(
      {
        volumeId,
        disallowOverwriteExistingFiles: !overwrite,
        files: files.map((file, index) => ({
          path: file.path,
          size: BigInt(file.sizeBytes),
          mode: file.mode,
          blocks: must(digests[index], "the digests of a file").map((sha256) => {
            const putResponse = receipts.get(sha256.toString("hex"));
            return { contentsSha256: sha256, ...(putResponse ? { putResponse } : {}) };
          }),
        })),
      },
      { signal },
    );
  const { missingBlocks } = await put();
  const progress = { doneBytes: totalBytes - missingBytes(files, missingBlocks), sentBytes: 0 };
  const report = () => onProgress({ phase: "sending", totalBytes, ...progress });
  report();
  if (missingBlocks.length === 0) return;
  const queue = missingBlocks.values();
  await Promise.all(
    Array.from({ length: transfersAtOnce }, async () => {
      for (const missing of queue) {
        const file = must(files[Number(missing.fileIndex)], "the file of a missing block");
        const expected = must(digests[Number(missing.fileIndex)]?.[Number(missing.blockIndex)], "its digest");
        const { sent, receipt } = await sendBlock(file, missing, expected, signal);
        receipts.set(expected.toString("hex"), receipt);
        progress.doneBytes += blockSize(file, Number(missing.blockIndex));
        progress.sentBytes += sent;
        report();
      }
    }),
  );
  const { missingBlocks: stillMissing } = await put();
  if (stillMissing.length === 0) return;
  throw new AppError(
    "UPLOAD_INCOMPLETE",
    `The server lacks ${stillMissing.length} blocks that were sent to it.`,
    {
      status: "ABORTED",
      remedy: "Try again: only what is missing is sent.",
    },
  );
}

async function readDigests(
  files: readonly UploadFile[],
  options: { onBytes: (done: number) => void; signal: AbortSignal },
): Promise<Buffer[][]> {
  const digests: Buffer[][] = [];
  let done = 0;
  for (const file of files) {
    const own: Buffer[] = [];
    for (let index = 0; index * blockBytes < file.sizeBytes; index++) {
      options.signal.throwIfAborted();
      const bytes = await file.readBlock(index);
      if (bytes.length !== blockSize(file, index)) throw changed(file);
      own.push(fileBlock(bytes).sha256);
      done += bytes.length;
      options.onBytes(done);
    }
    digests.push(own);
  }
  return digests;
}

async function sendBlock(
  file: UploadFile,
  missing: VolumePutFiles2Response_MissingBlock,
  expected: Buffer,
  signal: AbortSignal,
): Promise<{ sent: number; receipt: Uint8Array }> {
  const { sha256, content } = fileBlock(await file.readBlock(Number(missing.blockIndex)));
  if (!sha256.equals(expected)) throw changed(file);
  const receipt = await transfer(
    `"${file.source}"`,
    missing.putUrl,
    { method: "PUT", body: content },
    { signal },
  );
  return { sent: content.length, receipt };
}

function missingBytes(
  files: readonly UploadFile[],
  missing: readonly VolumePutFiles2Response_MissingBlock[],
): number {
  return missing.reduce((sum, { fileIndex, blockIndex }) => {
    const file = must(files[Number(fileIndex)], "the file of a missing block");
    return sum + blockSize(file, Number(blockIndex));
  }, 0);
}

function blockSize(file: UploadFile, index: number): number {
  return Math.min(blockBytes, file.sizeBytes - index * blockBytes);
}

function changed(file: UploadFile): AppError {
  return new AppError("LOCAL_FILE_CHANGED", `"${file.source}" changed while it was uploaded.`, {
    status: "ABORTED",
    remedy: "Try again once nothing writes to it.",
  });
}
