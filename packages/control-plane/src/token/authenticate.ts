import { AppError } from "@dorian/base/app-error";
import { isId } from "@dorian/base/ids";
import type { Identity } from "@dorian/protocol/service";
import { hash, timingSafeEqual } from "node:crypto";
import type { ClientFile } from "./client-file.ts";

/** The part of a gRPC call's metadata that says who calls. */
export interface CallMetadata {
  get(key: string): (string | Buffer)[];
}

/** Metadata key of a worker's token, and of the task a worker speaks for. */
const workerTokenKey = "dorian-worker-token";
const taskIdKey = "dorian-task-id";

/**
 * Decides who calls: a client by its token, a worker by the worker token, a task when a worker says so.
 *
 * @throws AppError TOKEN_MISSING, TOKEN_INVALID
 */
export function createAuthenticator(
  tokens: Pick<ClientFile, "tokenId" | "tokenSecret" | "workerToken">,
): (metadata: CallMetadata) => Identity {
  const expected = {
    workerToken: digestOf(tokens.workerToken),
    tokenId: digestOf(tokens.tokenId),
    tokenSecret: digestOf(tokens.tokenSecret),
  };
  return (metadata) => {
    const workerToken = textOf(metadata, workerTokenKey);
    if (workerToken !== "") {
      if (!isSame(workerToken, expected.workerToken))
        throw invalid("The worker's token is not this server's.");
      const taskId = textOf(metadata, taskIdKey);
      if (taskId === "") return { kind: "worker" };
      if (!isId("ta", taskId)) throw invalid(`"${taskId}" is not a task id.`);
      return { kind: "task", taskId };
    }
    const tokenId = textOf(metadata, "x-modal-token-id");
    const tokenSecret = textOf(metadata, "x-modal-token-secret");
    if (tokenId === "" || tokenSecret === "") {
      throw new AppError("TOKEN_MISSING", "The call carries no token.", {
        status: "UNAUTHENTICATED",
        remedy:
          "Set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET to the values that `dorian token new` prints on the server's machine.",
      });
    }
    // Both are compared whatever the first says, so that the time taken tells nothing.
    const sameId = isSame(tokenId, expected.tokenId);
    const sameSecret = isSame(tokenSecret, expected.tokenSecret);
    if (!sameId || !sameSecret) throw invalid(`The token "${tokenId}" is not valid here.`);
    return { kind: "client", tokenId };
  };
}

function textOf(metadata: CallMetadata, key: string): string {
  return String(metadata.get(key)[0] ?? "");
}

function isSame(given: string, expectedDigest: Buffer): boolean {
  return timingSafeEqual(digestOf(given), expectedDigest);
}

function digestOf(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

function invalid(message: string): AppError {
  return new AppError("TOKEN_INVALID", message, {
    status: "UNAUTHENTICATED",
    remedy: "Run `dorian token new` on the server's machine for valid values, and check MODAL_SERVER_URL.",
  });
}
