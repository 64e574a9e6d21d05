import type { IncomingMessage } from "node:http";
import { AppError } from "@dorian/base/app-error";
import type { RegistryCredentials } from "@dorian/operator/registry-settings";
import type { RegistryTransport } from "./registry-transport.ts";
import { invalidAnswer, parseAnswer, shown, smallBody } from "./small-body.ts";

/** A token of claims about many repositories has some kilobytes. */
const maxTokenBytes = 256 * 1024;
/** What a header may hold. */
const tokenPattern = /^[\x21-\x7e]+$/;

/**
 * Answers a registry's challenge (`WWW-Authenticate`) with a value for the Authorization header: a token fetched from
 * the place it names, or the credentials themselves. Undefined when it asks for credentials and there are none.
 */
export async function authorize(
  challenge: string,
  options: {
    transport: RegistryTransport;
    credentials: RegistryCredentials | undefined;
    /** Repository to read, for challenges that do not say. */
    repository: string;
    signal: AbortSignal;
  },
): Promise<string | undefined> {
  const { transport, credentials, signal } = options;
  const basic = credentials && `Basic ${base64(`${credentials.username}:${credentials.password}`)}`;
  const [, scheme = "", rest = ""] = /^(\w+)\s*([\s\S]*)$/.exec(challenge) ?? [];
  if (scheme.toLowerCase() === "basic") return basic;
  const parameters = Object.fromEntries(
    [...rest.matchAll(/(?<!\w)(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [
      key.toLowerCase(),
      value,
    ]),
  );
  const realm = parameters["realm"];
  if (scheme.toLowerCase() !== "bearer" || realm === undefined) return undefined;
  if (!URL.canParse(realm))
    throw invalidAnswer("The place for tokens that the registry names", `"${shown(realm)}"`);
  const url = new URL(realm);
  if (parameters["service"]) url.searchParams.set("service", parameters["service"]);
  url.searchParams.set("scope", parameters["scope"] ?? `repository:${options.repository}:pull`);
  const response = await transport.get(url.href, {
    headers: basic === undefined ? {} : { authorization: basic },
    signal,
  });
  const what = `The token that ${url.host} gave`;
  const body = await smallBody(response, { maxBytes: maxTokenBytes, what });
  if (response.statusCode !== 200) throw refused(url, response, credentials);
  const token = tokenIn(body, what);
  if (token === undefined) throw refused(url, response, credentials);
  return `Bearer ${token}`;
}

function tokenIn(body: string, what: string): string | undefined {
  const parsed = parseAnswer(body, what) as { token?: unknown; access_token?: unknown } | null;
  const token = parsed?.token ?? parsed?.access_token;
  if (token === undefined || token === null) return undefined;
  if (typeof token === "string" && tokenPattern.test(token)) return token;
  throw invalidAnswer(what, "no text that a header could hold");
}

function refused(
  url: URL,
  response: IncomingMessage,
  credentials: RegistryCredentials | undefined,
): AppError {
  const who = credentials ? `user "${credentials.username}"` : "an anonymous user";
  const message = `${url.host} gave ${who} no access (status ${response.statusCode}).`;
  return new AppError("REGISTRY_ACCESS_DENIED", message, {
    status: "PERMISSION_DENIED",
    remedy:
      "Log in on the worker's machine (`docker login`), or give the image a secret with the registry's credentials.",
  });
}

function base64(value: string): string {
  return Buffer.from(value).toString("base64");
}
