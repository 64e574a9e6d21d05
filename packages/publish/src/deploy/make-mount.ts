import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { AppError, messageOf } from "@dorian/base/app-error";
import { must } from "@dorian/base/must";
import { ObjectCreationType } from "@dorian/protocol/modal";
import type { DeploySession } from "./deploy-session.ts";
import { putRange, type FileRange } from "./put-range.ts";
import { localFileChanged, withLocalFile } from "@dorian/sdk/local/local-file-error";
import { TransferCounter } from "@dorian/sdk/volume/transfer-progress";
import type { MountContent } from "./local-files.ts";

/** From this size on a file goes over HTTP, in parts, instead of inside a message. */
const blobBytes = 4 * 1024 * 1024;
/** At most so many the server answers for at once. What has more files is first tried as a whole: mostly it is there, unchanged. */
const hashesPerQuestion = 1000;
const uploadsAtOnce = 8;

type Uploading = Pick<DeploySession, "modal" | "appId" | "onProgress" | "signal">;

/** Uploads what the server lacks of `files` and makes them a mount. Returns its id. */
export async function makeMount(session: Uploading, files: MountContent[]): Promise<string> {
  const mountId =
    files.length > hashesPerQuestion ? await unlessContentMissing(createMount(session, files)) : undefined;
  if (mountId !== undefined) return mountId;
  await uploadMissing(session, files);
  return await createMount(session, files);
}

async function createMount(session: Uploading, files: MountContent[]): Promise<string> {
  const { mountId } = await session.modal.mountGetOrCreate(
    {
      objectCreationType: ObjectCreationType.ANONYMOUS_OWNED_BY_APP,
      appId: session.appId,
      files: files.map(({ filename, sha256, size, mode }) => ({
        filename,
        sha256Hex: sha256,
        size: BigInt(size),
        mode,
      })),
    },
    { signal: session.signal },
  );
  return mountId;
}

async function unlessContentMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (AppError.is(error) && error.code === "MOUNT_CONTENT_MISSING") return undefined;
    throw error;
  }
}

async function uploadMissing(session: Uploading, files: MountContent[]): Promise<void> {
  const byHash = new Map(files.filter((file) => file.sha256 !== "").map((file) => [file.sha256, file]));
  const missing: MountContent[] = [];
  const hashes = [...byHash.keys()];
  for (let start = 0; start < hashes.length; start += hashesPerQuestion) {
    const answer = await session.modal.mountBatchedCheckExistence(
      { sha256HexHashes: hashes.slice(start, start + hashesPerQuestion) },
      { signal: session.signal },
    );
    for (const hash of answer.missingSha256HexHashes)
      missing.push(must(byHash.get(hash), "the file that the server asks for"));
  }
  const counter = new TransferCounter(
    "sending",
    missing.map(({ filename, size }) => ({ path: filename, size })),
    (progress) => session.onProgress({ kind: "files-uploading", ...progress }),
  );
  counter.report("");
  const queue = missing.values();
  await Promise.all(
    Array.from({ length: uploadsAtOnce }, async () => {
      for (const file of queue) {
        await upload(session, file, (bytes) => counter.add(file.filename, bytes));
      }
    }),
  );
}

async function upload(
  session: Uploading,
  file: MountContent,
  onSent: (bytes: number) => void,
): Promise<void> {
  const request =
    file.size >= blobBytes && "path" in file.content
      ? {
          sha256Hex: file.sha256,
          dataOneof: {
            case: "dataBlobId" as const,
            value: await uploadBlob(session, file, file.content.path, onSent),
          },
        }
      : { sha256Hex: file.sha256, dataOneof: { case: "data" as const, value: await bytesOf(file) } };
  await session.modal.mountPutFile(request, { signal: session.signal });
  if (request.dataOneof.case === "data") onSent(file.size);
}

async function bytesOf(file: MountContent): Promise<Uint8Array> {
  if (!("path" in file.content)) return file.content;
  const { path } = file.content;
  const bytes = await withLocalFile(path, "read", () => readFile(path));
  if (createHash("sha256").update(bytes).digest("hex") !== file.sha256) throw localFileChanged(path);
  return bytes;
}

async function uploadBlob(
  { modal, signal }: Uploading,
  file: MountContent,
  path: string,
  onSent: (bytes: number) => void,
): Promise<string> {
  const created = await modal.blobCreate(
    {
      contentLength: BigInt(file.size),
      contentSha256Base64: Buffer.from(file.sha256, "hex").toString("base64"),
    },
    { signal },
  );
  await using local = await withLocalFile(path, "read", () => open(path));
  if ((await local.stat()).size !== file.size) throw localFileChanged(path);
  const send = async (url: string, range: FileRange) => {
    const { status, text } = await putRange(url, local, range, { onSent, signal }).catch((error: unknown) => {
      throw notSent(path, error);
    });
    if (status < 200 || status >= 300) throw refused(path, status, text);
  };
  if (created.uploadTypeOneof.case === "multipart") {
    const { partLength, uploadUrls, completionUrl } = created.uploadTypeOneof.value;
    for (const [index, url] of uploadUrls.entries()) {
      const start = index * Number(partLength);
      await send(url, { start, end: Math.min(file.size, start + Number(partLength)) });
    }
    const completed = await fetch(completionUrl, {
      method: "POST",
      body: "<CompleteMultipartUpload/>",
      signal,
    });
    if (!completed.ok) throw refused(path, completed.status, await completed.text());
  } else await send(must(created.uploadTypeOneof.value, "the upload address"), { start: 0, end: file.size });
  return created.blobId;
}

function notSent(path: string, cause: unknown): AppError {
  if (AppError.is(cause)) return cause;
  return new AppError("UPLOAD_FAILED", `${JSON.stringify(path)} could not be sent: ${messageOf(cause)}.`, {
    status: "UNAVAILABLE",
    remedy: "If it was being changed, run the command again; otherwise check that the server is reachable.",
    cause,
  });
}

function refused(path: string, status: number, text: string): AppError {
  if (status === 507) {
    return new AppError("STORAGE_FULL", `The server refused "${path}": ${text.trim()}`, {
      status: "RESOURCE_EXHAUSTED",
      remedy: "Make room on the server's disk, then try again.",
    });
  }
  return new AppError("UPLOAD_REFUSED", `The server refused "${path}" (${status}): ${text.trim()}`, {
    remedy: "If the file was being changed, run the command again.",
  });
}
