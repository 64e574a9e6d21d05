import { AppError } from "@dorian/base/app-error";
import type { RequestTarget } from "@dorian/protocol/http/request-target";
import type { Identity } from "@dorian/protocol/service";
import { taskHttpHost } from "@dorian/protocol/task-http";
import { createHmac, timingSafeEqual } from "node:crypto";

/** Addresses that let their holder do one thing for a while, without a token. */
export class SignedUrls {
  #key: Buffer;
  /** Where clients reach the HTTP server, without a slash at the end. */
  readonly baseUrl: string;
  #now: () => number;

  constructor(options: { key: Buffer; baseUrl: string; now: () => number }) {
    this.#key = options.key;
    this.baseUrl = options.baseUrl;
    this.#now = options.now;
  }

  /** An address that its caller can reach: containers have one of their own for this server. */
  sign(options: {
    caller: Identity;
    method: string;
    path: string;
    parameters?: Record<string, string>;
    validMs: number;
  }): string {
    const query = new URLSearchParams(options.parameters);
    query.set("expires", String(this.#now() + options.validMs));
    query.set("signature", this.#signature(options.method, options.path, query));
    const base = options.caller.kind === "task" ? `http://${taskHttpHost}` : this.baseUrl;
    return `${base}${options.path}?${query.toString()}`;
  }

  /** The parameters of an address made by {@link sign}. @throws AppError URL_INVALID, URL_EXPIRED */
  verify(method: string, target: RequestTarget): Record<string, string> {
    const query = new URLSearchParams(target.query);
    const given = Buffer.from(query.get("signature") ?? "", "base64url");
    query.delete("signature");
    const expected = Buffer.from(this.#signature(method, target.path, query), "base64url");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new AppError("URL_INVALID", "The address is not one that this server gave out.", {
        status: "PERMISSION_DENIED",
        remedy: "Ask the server for a new one.",
      });
    }
    if (Number(query.get("expires")) < this.#now()) {
      throw new AppError("URL_EXPIRED", "The address has expired.", {
        status: "PERMISSION_DENIED",
        remedy: "Ask the server for a new one.",
      });
    }
    return Object.fromEntries(query);
  }

  /** A token that shows that this server has accepted `what`. */
  receipt(what: string): string {
    return this.#hmac(`receipt ${what}`);
  }

  #signature(method: string, path: string, query: URLSearchParams): string {
    const sorted = new URLSearchParams(query);
    sorted.sort();
    return this.#hmac(`${method} ${path}?${sorted.toString()}`);
  }

  #hmac(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}
