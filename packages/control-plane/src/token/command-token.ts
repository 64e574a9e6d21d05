import { isId } from "@dorian/base/ids";
import { signClaims, verifiedClaims } from "./signed-claims.ts";

/** Clients ask for another when it has expired. */
const validSecs = 3600;

/** Tokens that allow commands in one container. */
export class CommandTokens {
  #key: Buffer;
  #nowMs: () => number;

  constructor(options: { key: Buffer; nowMs: () => number }) {
    this.#key = options.key;
    this.#nowMs = options.nowMs;
  }

  mint(taskId: string): string {
    const issued = Math.floor(this.#nowMs() / 1000);
    return signClaims(this.#key, { task_id: taskId, iat: issued, exp: issued + validSecs });
  }

  /** The container that the token is for; undefined for one that is not valid. */
  taskOf(token: string): string | undefined {
    const taskId = verifiedClaims(this.#key, token, { nowMs: this.#nowMs() })?.["task_id"];
    return typeof taskId === "string" && isId("ta", taskId) ? taskId : undefined;
  }
}
