import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { Notifier } from "@dorian/base/notifier";
import { hash, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { addressGroup } from "./address-group.ts";
import type { TokenLimits } from "./token-limits.ts";
import type { Token } from "./token.ts";
import type { Tokens } from "./tokens.ts";

/** A client without a token that waits for somebody with one to let it have its own. */
export interface TokenFlow {
  flowId: string;
  /** What the client shows, and whoever lets it in types. */
  code: string;
  waitSecret: string;
  /** What the client says of itself. */
  client: string;
  /** Who counts as having asked. */
  address: string;
  /** How long the client wants its token to be valid; 0: as long as it may. */
  validSecs: number;
  waiting: number;
  isBeingApproved: boolean;
  endsAt: number;
  granted: { token: Token; tokenSecret: string } | undefined;
  changed: Notifier;
}

const flowMs = 10 * 60_000;
/** A request takes less than a kilobyte. Beyond this an old one gives way: nobody who asks is refused for what others asked. */
const mostAtOnce = 10_000;
/** More than one address has: a person has one or two, several people may share an address. */
const mostOfAddress = 8;
/** Questions for one request that wait at once: a client has one, and one more whose connection broke. */
const mostWaiting = 4;

/**
 * Requests for tokens, in memory: one lives for ten minutes. Its code only says which request is meant; what lets the
 * client in is that somebody approves it who has a token already.
 */
export class TokenFlows {
  #tokens: Tokens;
  #elapsedMs: () => number;
  /** Oldest first, so those that end first. */
  #flows = new Map<string, TokenFlow>();
  #countOf = new Map<string, number>();

  constructor(options: { tokens: Tokens; elapsedMs: () => number }) {
    this.#tokens = options.tokens;
    this.#elapsedMs = options.elapsedMs;
  }

  /** @throws AppError TOKEN_FLOWS_TOO_MANY */
  begin(options: { client: string; address: string; validSecs: number }): TokenFlow {
    this.#forgetEnded();
    const address = addressGroup(options.address);
    const own = this.#countOf.get(address) ?? 0;
    if (own >= mostOfAddress) throw tooMany(`${own} clients at this address wait for a token already.`);
    if (this.#flows.size >= mostAtOnce) this.#makeRoom();
    const flow: TokenFlow = {
      flowId: newId("tf"),
      code: newCode(),
      waitSecret: randomBytes(32).toString("base64url"),
      client: options.client,
      address,
      validSecs: options.validSecs,
      waiting: 0,
      isBeingApproved: false,
      endsAt: this.#elapsedMs() + flowMs,
      granted: undefined,
      changed: new Notifier(),
    };
    this.#flows.set(flow.flowId, flow);
    this.#countOf.set(address, own + 1);
    return flow;
  }

  get(flowId: string): TokenFlow | undefined {
    this.#forgetEnded();
    return this.#flows.get(flowId);
  }

  /** The token once it is granted; undefined after `timeoutMs` without. @throws AppError TOKEN_FLOW_NOT_FOUND */
  async wait(
    flowId: string,
    waitSecret: string,
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<TokenFlow["granted"]> {
    const flow = this.get(flowId);
    if (!flow || !isSame(waitSecret, flow.waitSecret)) throw flowNotFound("The request for a token");
    if (flow.granted || options.timeoutMs <= 0) return flow.granted;
    if (flow.waiting >= mostWaiting) throw tooMany(`${mostWaiting} questions wait for this token already.`);
    flow.waiting += 1;
    try {
      await flow.changed.wait(options);
    } finally {
      flow.waiting -= 1;
    }
    return flow.granted;
  }

  /**
   * Lets the client that shows `code` have a token, with the limits that `limitsFor` says.
   *
   * @throws AppError TOKEN_FLOW_NOT_FOUND, TOKEN_EXISTS, and what `limitsFor` throws
   */
  async approve(
    code: string,
    options: { name: string; createdBy: string; limitsFor: (validSecs: number) => TokenLimits },
  ): Promise<Token> {
    this.#forgetEnded();
    const wanted = code.toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
    const flow = [...this.#flows.values()].find((each) => each.code.replace("-", "") === wanted);
    if (!flow || flow.granted || flow.isBeingApproved) throw flowNotFound(`A request with the code ${code}`);
    const name =
      options.name ||
      `${flow.client.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 40) || "client"}-${flow.code.toLowerCase()}`;
    const { createdBy, limitsFor } = options;
    flow.isBeingApproved = true;
    try {
      flow.granted = await this.#tokens.create({ name, createdBy, ...limitsFor(flow.validSecs) });
    } finally {
      flow.isBeingApproved = false;
    }
    flow.changed.notify();
    return flow.granted.token;
  }

  /** The oldest request of whoever has most of them gives way. */
  #makeRoom(): void {
    const most = Math.max(...this.#countOf.values());
    for (const flow of this.#flows.values()) {
      if (this.#countOf.get(flow.address) !== most) continue;
      this.#forget(flow);
      return;
    }
  }

  #forgetEnded(): void {
    for (const flow of this.#flows.values()) {
      if (flow.endsAt > this.#elapsedMs()) return;
      this.#forget(flow);
    }
  }

  #forget({ flowId, address }: TokenFlow): void {
    this.#flows.delete(flowId);
    const left = (this.#countOf.get(address) ?? 1) - 1;
    if (left > 0) this.#countOf.set(address, left);
    else this.#countOf.delete(address);
  }
}

/** Without letters and digits that look alike. */
const codeAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

function newCode(): string {
  const letters = Array.from({ length: 8 }, () => codeAlphabet[randomInt(codeAlphabet.length)]).join("");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(hash("sha256", given, "buffer"), hash("sha256", expected, "buffer"));
}

function tooMany(message: string): AppError {
  return new AppError("TOKEN_FLOWS_TOO_MANY", message, {
    status: "RESOURCE_EXHAUSTED",
    remedy: "Try again in some minutes, or make a token with `dorian token new --name NAME`.",
  });
}

function flowNotFound(what: string): AppError {
  return new AppError("TOKEN_FLOW_NOT_FOUND", `${what} is not known: it has ended, or never was.`, {
    status: "NOT_FOUND",
    remedy: "Run `modal token new` again; a request waits for ten minutes.",
  });
}
