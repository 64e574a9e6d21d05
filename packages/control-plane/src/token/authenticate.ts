import { AppError } from "@dorian/base/app-error";
import { isId } from "@dorian/base/ids";
import type { Identity } from "@dorian/protocol/service";
import { hash, timingSafeEqual } from "node:crypto";
import type { ClientFile } from "./client-file.ts";
import type { CommandTokens } from "./command-token.ts";
import type { Tokens } from "./tokens.ts";

/** The part of a gRPC call's metadata that says who calls. */
export interface CallMetadata {
  get(key: string): (string | Buffer)[];
}

/** Metadata key of a worker's token, and of the task a worker speaks for. */
const workerTokenKey = "dorian-worker-token";
const taskIdKey = "dorian-task-id";

/**
 * Decides who calls: a client by its token, a worker by the worker token, a task when a worker says so, and who runs
 * commands in a container by a token for that.
 *
 * Who shows nothing at all is nobody: what that may call, its permissions say.
 *
 * @throws AppError TOKEN_INVALID
 */
export function createAuthenticator(
  { workerToken: expectedWorkerToken }: Pick<ClientFile, "workerToken">,
  tokens: Pick<Tokens, "verify">,
  commandTokens: Pick<CommandTokens, "taskOf">,
): (metadata: CallMetadata) => Identity {
  const workerDigest = digestOf(expectedWorkerToken);
  return (metadata) => {
    const workerToken = textOf(metadata, workerTokenKey);
    if (workerToken !== "") {
      if (!timingSafeEqual(digestOf(workerToken), workerDigest))
        throw invalid("The worker's token is not this server's.");
      const taskId = textOf(metadata, taskIdKey);
      if (taskId === "") return { kind: "worker" };
      if (!isId("ta", taskId)) throw invalid(`"${taskId}" is not a task id.`);
      return { kind: "task", taskId };
    }
    const bearer = /^Bearer (.+)$/.exec(textOf(metadata, "authorization"))?.[1];
    if (bearer !== undefined) {
      const taskId = commandTokens.taskOf(bearer);
      if (taskId === undefined) throw invalid("The token for commands has expired or is not this server's.");
      return { kind: "command", taskId };
    }
    const tokenId = textOf(metadata, "x-modal-token-id");
    const tokenSecret = textOf(metadata, "x-modal-token-secret");
    if (tokenId === "" && tokenSecret === "") return { kind: "anonymous" };
    if (!tokens.verify(tokenId, tokenSecret)) throw invalid(`The token "${tokenId}" is not valid here.`);
    return { kind: "client", tokenId };
  };
}

function textOf(metadata: CallMetadata, key: string): string {
  return String(metadata.get(key)[0] ?? "");
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
