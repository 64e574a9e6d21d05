import { AppError } from "@dorian/base/app-error";
import { orAborted } from "@dorian/base/or-aborted";
import type { Credential, Identity } from "@dorian/protocol/service";
import { taskHttpHost } from "@dorian/protocol/convention/task-http";
import { createHmac, timingSafeEqual } from "node:crypto";
import type { HttpRequest, HttpRoute } from "./http-route.ts";

/** A request for an address that this server has made. */
export interface SignedRequest extends HttpRequest {
  /** What the address was made with. */
  parameters: Record<string, string>;
}

export interface SignedUrlsOptions {
  key: Buffer;
  /** Where clients reach the HTTP server, without a slash at the end. */
  baseUrl: string;
  nowMs: () => number;
  /** What the caller of a token's or container's id goes by; undefined once that has ended. */
  credentialOf: (callerId: string) => Credential | undefined;
}

/** Addresses that let their holder do one thing for a while, as long as the caller they were made for is let in. */
export class SignedUrls {
  /** Where clients reach the HTTP server, without a slash at the end. */
  readonly baseUrl: string;
  #options: SignedUrlsOptions;

  constructor(options: SignedUrlsOptions) {
    this.baseUrl = options.baseUrl;
    this.#options = options;
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
    query.set("for", callerIdOf(options.caller));
    query.set("expires", String(this.#options.nowMs() + options.validMs));
    query.set("signature", this.#signature(options.method, options.path, query));
    const base = options.caller.kind === "task" ? `http://${taskHttpHost}` : this.baseUrl;
    return `${base}${options.path}?${query.toString()}`;
  }

  /** Serves addresses made by {@link sign}. What is under way when the caller's credential ends, ends with it. */
  route(
    method: HttpRoute["method"],
    prefix: string,
    handle: (request: SignedRequest) => Promise<void>,
  ): HttpRoute {
    return {
      method,
      prefix,
      handle: async (request) => {
        const { parameters, credential } = this.#verify(method, request);
        const stop = new AbortController();
        using _release = releasing(credential.onEnd((reason) => stop.abort(reason)));
        const signal = AbortSignal.any([request.signal, stop.signal]);
        // It may wait for a peer that sends nothing: the answer ends that, not the signal.
        await orAborted(handle({ ...request, parameters, signal }), stop.signal);
      },
    };
  }

  /** A token that shows that this server has accepted `what`. */
  receipt(what: string): string {
    return this.#hmac(`receipt ${what}`);
  }

  /** @throws AppError URL_INVALID, URL_EXPIRED, URL_ENDED */
  #verify(
    method: string,
    { target }: HttpRequest,
  ): { parameters: Record<string, string>; credential: Credential } {
    const query = new URLSearchParams(target.query);
    const given = Buffer.from(query.get("signature") ?? "", "base64url");
    query.delete("signature");
    const expected = Buffer.from(this.#signature(method, target.path, query), "base64url");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw refused("URL_INVALID", "The address is not one that this server gave out.");
    }
    const parameters = Object.fromEntries(query);
    if (Number(parameters["expires"]) < this.#options.nowMs()) {
      throw refused("URL_EXPIRED", "The address has expired.");
    }
    const credential = this.#options.credentialOf(parameters["for"] ?? "");
    if (!credential)
      throw refused("URL_ENDED", "The token or container that the address was made for has ended.");
    return { parameters, credential };
  }

  #signature(method: string, path: string, query: URLSearchParams): string {
    const sorted = new URLSearchParams(query);
    sorted.sort();
    return this.#hmac(`${method} ${path}?${sorted.toString()}`);
  }

  #hmac(text: string): string {
    return createHmac("sha256", this.#options.key).update(text).digest("base64url");
  }
}

/** Names a caller, in what is made for it. */
export function callerIdOf(caller: Identity): string {
  switch (caller.kind) {
    case "client":
      return caller.tokenId;
    case "task":
      return caller.taskId;
    default:
      throw new AppError("CALLER_WITHOUT_ADDRESSES", "Addresses are made for clients and containers only.", {
        status: "PERMISSION_DENIED",
        remedy: "Ask with a client's token.",
      });
  }
}

function releasing(release: () => void): Disposable {
  return { [Symbol.dispose]: release };
}

function refused(code: string, message: string): AppError {
  return new AppError(code, message, {
    status: "PERMISSION_DENIED",
    remedy: "Ask the server for a new one.",
  });
}
