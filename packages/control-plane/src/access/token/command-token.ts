import { isId } from "@dorian/base/ids";
import { signClaims, verifiedClaims } from "../keys/signed-claims.ts";

/** Clients ask for another when it has expired. */
const validSecs = 3600;

/** Which container commands may run in, and the token that asked. */
export interface CommandAccess {
  taskId: string;
  tokenId: string;
}

/** Tokens that allow commands in one container. */
export class CommandTokens {
  #key: Buffer;
  #nowMs: () => number;

  constructor(options: { key: Buffer; nowMs: () => number }) {
    this.#key = options.key;
    this.#nowMs = options.nowMs;
  }

  mint({ taskId, tokenId }: CommandAccess): string {
    const iat = Math.floor(this.#nowMs() / 1000);
    return signClaims(this.#key, {
      aud: "commands",
      sub: tokenId,
      task_id: taskId,
      iat,
      exp: iat + validSecs,
    });
  }

  /** What the token is for; undefined for one that is not valid. Whether the token that it came from still is, others know. */
  accessOf(token: string): CommandAccess | undefined {
    const claims = verifiedClaims(this.#key, token, { use: "commands", nowMs: this.#nowMs() });
    const taskId = claims?.["task_id"];
    if (!claims || typeof taskId !== "string" || !isId("ta", taskId)) return undefined;
    return { taskId, tokenId: claims.sub };
  }
}
