import { stat } from "node:fs/promises";
import { AppError } from "@dorian/base/app-error";
import { must } from "@dorian/base/must";
import type { VolumePutFiles2Response_MissingBlock as MissingBlock } from "@dorian/protocol/modal";
import { blockBytes } from "./block.ts";
import { FileDigests } from "@dorian/base/file-digests";
import { concurrently } from "@dorian/base/concurrently";
import { Deadline } from "@dorian/base/deadline";
import { withLocalFile } from "../local/local-file-error.ts";
import { handOver } from "./hand-over.ts";
import { readUploadBlock, readUploadFile, type UploadFile, type UploadSource } from "./local-file.ts";
import { sendBytes } from "./transfer.ts";
import { TransferCounter, type OnTransferProgress } from "./transfer-progress.ts";
import { callOptions } from "../client/wait-options.ts";
import type { TransferSettings, VolumeWire } from "./volume-wire.ts";

const readsAtOnce = 4;
const sendsAtOnce = 8;
/** Addresses hold for an hour; after this time new ones are asked for. */
const roundMs = 20 * 60_000;
/** So often in a row the server may give addresses that nothing can be sent to. */
const maxFailedRounds = 2;
const maxRequestBytes = 90 * 1024 * 1024;

/**
 * Puts files into a volume, all of them or none. Only blocks that the server lacks are sent, and none of what it copies itself.
 *
 * @throws AppError LOCAL_FILE_CHANGED, LOCAL_FILE_MISSING, VOLUME_FILE_EXISTS, VOLUME_BATCH_TOO_LARGE, TRANSFER_FAILED
 */
export async function putFiles(
  wire: VolumeWire,
  sources: readonly UploadSource[],
  settings: TransferSettings,
): Promise<{ files: number; bytes: number }> {
  const files = await readAll(wire, sources, settings);
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  if (files.length > 0) await upload(wire, files, settings);
  return { files: files.length, bytes };
}

async function readAll(
  { handover, volumeId }: VolumeWire,
  sources: readonly UploadSource[],
  settings: TransferSettings,
): Promise<UploadFile[]> {
  const sized = await Promise.all(
    sources.map(async ({ localPath, remotePath }) => ({
      path: remotePath,
      size: settings.onProgress ? (await withLocalFile(localPath, "read", () => stat(localPath))).size : 0,
    })),
  );
  const counter = new TransferCounter("reading", sized, settings.onProgress);
  const files: UploadFile[] = [];
  await using digests = new FileDigests();
  const { signal } = settings;
  await concurrently(
    [...sources.entries()],
    { limit: readsAtOnce, signal },
    async ([index, source], signal) => {
      const onRead = (bytes: number) => counter.add(source.remotePath, bytes);
      const handed = handover && (await handOver(source, handover, { volumeId, signal, onRead }));
      files[index] = handed ?? (await readUploadFile(source, { digests, signal, onRead }));
    },
  );
  return files;
}

async function upload(
  { modal, volumeId }: VolumeWire,
  files: UploadFile[],
  { overwrite, onProgress, signal }: TransferSettings,
): Promise<void> {
  const receipts = new Map<string, Uint8Array>();
  /** Memory that the system has to bring first takes as long as what is read into it. */
  const buffers: Buffer[] = [];
  let sending: Sending | undefined;
  let failedRounds = 0;
  for (;;) {
    const request = requestOf(volumeId, files, receipts, overwrite ?? false);
    const { missingBlocks } = await modal.volumePutFiles2(request, callOptions(signal));
    sending ??= new Sending(files, missingBlocks, onProgress);
    if (missingBlocks.length === 0) return;
    const { digestOf, sent } = sending;
    if (missingBlocks.some((block) => receipts.has(digestOf(block)))) throw blocksLost();
    const round = new Deadline(roundMs);
    const receiptsBefore = receipts.size;
    try {
      await concurrently(missingBlocks, { limit: sendsAtOnce, signal }, async (block, signal) => {
        if (round.isOver) return;
        const file = must(files[Number(block.fileIndex)], "the file that the server asks for");
        const buffer = buffers.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
        const content = await readUploadBlock(file, Number(block.blockIndex), buffer);
        const receipt = await sendBytes(block.putUrl, content, { file: file.localPath, signal });
        buffers.push(buffer);
        receipts.set(digestOf(block), receipt);
        sent(block);
      });
    } catch (error) {
      failedRounds = receipts.size > receiptsBefore ? 1 : failedRounds + 1;
      // The server may have been started again, and have other addresses.
      const mayGoOn =
        AppError.is(error) && error.code === "TRANSFER_FAILED" && failedRounds <= maxFailedRounds;
      if (!mayGoOn) throw error;
    }
  }
}

/** Which bytes of which files the server has. */
class Sending {
  #files: UploadFile[];
  #places = new Map<string, { file: UploadFile; bytes: number }[]>();
  #counter: TransferCounter;

  constructor(files: UploadFile[], missing: MissingBlock[], onProgress: OnTransferProgress | undefined) {
    this.#files = files;
    const sized = files.map(({ remotePath, size }) => ({ path: remotePath, size }));
    this.#counter = new TransferCounter("sending", sized, onProgress);
    const wanted = new Set(missing.map(this.digestOf));
    for (const file of files) {
      for (const [index, digest] of file.blocks.entries()) {
        const bytes = Math.min(blockBytes, file.size - index * blockBytes);
        if (!wanted.has(digest)) this.#counter.add(file.remotePath, bytes);
        else this.#places.set(digest, [...(this.#places.get(digest) ?? []), { file, bytes }]);
      }
    }
  }

  digestOf = (block: MissingBlock): string => {
    const file = must(this.#files[Number(block.fileIndex)], "the file that the server asks for");
    return must(file.blocks[Number(block.blockIndex)], "the block that the server asks for");
  };

  /** A block of one content may stand in many places. */
  sent = (block: MissingBlock): void => {
    for (const { file, bytes } of this.#places.get(this.digestOf(block)) ?? [])
      this.#counter.add(file.remotePath, bytes);
  };
}

function requestOf(
  volumeId: string,
  files: UploadFile[],
  receipts: ReadonlyMap<string, Uint8Array>,
  overwrite: boolean,
) {
  const size = files.reduce(
    (sum, file) => sum + file.remotePath.length * 3 + 32 + file.blocks.length * 100,
    0,
  );
  if (size > maxRequestBytes) throw batchTooLarge(files.length);
  return {
    volumeId,
    disallowOverwriteExistingFiles: !overwrite,
    files: files.map((file) => ({
      path: file.remotePath,
      size: BigInt(file.size),
      mode: file.mode,
      blocks: file.blocks.map((digest) => {
        const putResponse = receipts.get(digest);
        return { contentsSha256: Buffer.from(digest, "hex"), ...(putResponse ? { putResponse } : {}) };
      }),
    })),
  };
}

function batchTooLarge(files: number): AppError {
  return new AppError("VOLUME_BATCH_TOO_LARGE", `${files} files are too many to be put at once.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Upload the directory in parts.",
  });
}

function blocksLost(): AppError {
  return new AppError("UPLOAD_INCOMPLETE", "The server asks again for content that it has accepted.", {
    status: "DATA_LOSS",
    remedy: "Nothing was put into the volume. Try again; if it happens again, look at the server's log.",
  });
}
