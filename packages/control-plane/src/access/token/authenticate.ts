import { AppError } from "@dorian/base/app-error";
import { isId } from "@dorian/base/ids";
import type { Caller } from "@dorian/protocol/service";
import { hash, timingSafeEqual } from "node:crypto";
import { addressGroup } from "./address-group.ts";
import type { ClientFile } from "./client-file.ts";
import type { CommandTokens } from "./command-token.ts";
import type { FailedAttempts } from "./failed-attempts.ts";
import { scopeOf, tokenInvalid } from "./token.ts";
import type { Tokens } from "./tokens.ts";

/** The part of a gRPC call's metadata that says who calls. */
export interface CallMetadata {
  get(key: string): (string | Buffer)[];
}

export interface AuthenticatorOptions {
  own: Pick<ClientFile, "workerToken">;
  tokens: Pick<Tokens, "admit" | "live" | "get">;
  commandTokens: Pick<CommandTokens, "accessOf">;
  attempts: FailedAttempts;
}

/** Metadata key of a worker's token, and of the task a worker speaks for. */
const workerTokenKey = "dorian-worker-token";
const taskIdKey = "dorian-task-id";

/**
 * Decides who calls: a client by its token, a worker by the worker token, a task when a worker says so, and who runs
 * commands in a container by a token for that, as long as the token that it came from is good.
 *
 * Who shows nothing at all is nobody: what that may call, its permissions say.
 */
export function createAuthenticator(
  options: AuthenticatorOptions,
): (metadata: CallMetadata, peer: string | undefined) => Caller {
  const { tokens, commandTokens, attempts } = options;
  const workerDigest = digestOf(options.own.workerToken);

  /** @throws AppError TOKEN_INVALID, TOKEN_EXPIRED */
  function callerOf(metadata: CallMetadata): Caller {
    const workerToken = textOf(metadata, workerTokenKey);
    if (workerToken !== "") {
      if (!timingSafeEqual(digestOf(workerToken), workerDigest))
        throw tokenInvalid("The worker's token is not this server's.");
      const taskId = textOf(metadata, taskIdKey);
      if (taskId === "") return { identity: { kind: "worker" } };
      if (!isId("ta", taskId)) throw tokenInvalid(`"${taskId}" is not a task id.`);
      return { identity: { kind: "task", taskId } };
    }
    const bearer = /^Bearer (.+)$/.exec(textOf(metadata, "authorization"))?.[1];
    if (bearer !== undefined) {
      const access = commandTokens.accessOf(bearer);
      if (!access) throw tokenInvalid("The token for commands has expired or is not this server's.");
      const from = tokens.live(access.tokenId);
      if (!from)
        throw tokenInvalid("The token for commands came from a token that was revoked or has expired.");
      return { identity: { kind: "command", ...access }, credential: from.credential };
    }
    const tokenId = textOf(metadata, "x-modal-token-id");
    const tokenSecret = textOf(metadata, "x-modal-token-secret");
    if (tokenId === "" && tokenSecret === "") return { identity: { kind: "anonymous" } };
    const { token, credential } = tokens.admit(tokenId, tokenSecret);
    return { identity: { kind: "client", tokenId, ...scopeOf(token) }, credential };
  }

  return (metadata, peer) => {
    const address = peer === undefined ? undefined : addressGroup(peer);
    const exhaustedMs = address === undefined ? 0 : attempts.exhaustedMs(address);
    // An id is as hard to guess as a secret: who knows one is heard, whatever others at the same address do.
    if (exhaustedMs > 0 && isGuess(metadata, tokens)) throw tooManyAttempts(exhaustedMs);
    try {
      return callerOf(metadata);
    } catch (error) {
      if (address !== undefined) attempts.failed(address);
      throw error;
    }
  };
}

/** True for who shows the id of a token that is not known here. */
function isGuess(metadata: CallMetadata, tokens: Pick<Tokens, "get">): boolean {
  const tokenId = textOf(metadata, "x-modal-token-id");
  return tokenId !== "" && tokens.get(tokenId) === undefined;
}

function textOf(metadata: CallMetadata, key: string): string {
  return String(metadata.get(key)[0] ?? "");
}

function digestOf(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

function tooManyAttempts(waitMs: number): AppError {
  const message = `There were too many wrong tokens from this address; for ${Math.ceil(waitMs / 1000)} s no unknown one is looked at.`;
  return new AppError("TOKEN_ATTEMPTS_TOO_MANY", message, {
    status: "UNAUTHENTICATED",
    remedy: "Run `dorian token new` on the server's machine for valid values, and check MODAL_SERVER_URL.",
  });
}
