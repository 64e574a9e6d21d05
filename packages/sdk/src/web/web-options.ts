import { AppError } from "@dorian/base/app-error";
import { isDomainName } from "@dorian/base/domain-name";
import type { SchemaInput, SchemaOutput, StandardSchema } from "../schema/standard-schema.ts";

/** Where a web function is reached, and by whom. */
export interface WebAddressOptions {
  /** Begins the host name under `--web-domain`, in place of app and function. Default: `<app>-<function>`. */
  label?: string;
  /** Host names of your own, which lead to the function once it is deployed. You point their DNS records at the server; no other deployed app may have them. Default: none. */
  customDomains?: string[];
  /** Refuse clients with 401 that show no proxy token in the headers `Modal-Key` and `Modal-Secret`. Default: everybody is let in. */
  requiresProxyAuth?: boolean;
}

/** Options of `app.web` and `@web()`. What is checked by schemas is typed by them. */
export interface WebOptions<
  Query extends StandardSchema | undefined = StandardSchema | undefined,
  Body extends StandardSchema | undefined = StandardSchema | undefined,
  Returned extends StandardSchema | undefined = StandardSchema | undefined,
> extends WebAddressOptions {
  /** The one method to serve, in capitals. All others get 405: with `GET` also HEAD, and OPTIONS, by which browsers ask before they send elsewhere. Default: all of them. */
  method?: string;
  /** Of the parameters in the address: an object of texts, and of arrays of texts for names given more than once. Those of a method's class are among them: a schema that refuses unknown names has to know them. Default: not checked. */
  query?: Query;
  /** Of the body: JSON, or the fields of a form. It may have 16 MiB, and can still be read from the request. Default: left unread. */
  body?: Body;
  /** Of what the handler returns, when that is no `Response`: it is sent as JSON. Default: it is a `Response`. */
  response?: Returned;
  /** Serve a documentation page at `/docs`, and OpenAPI 3.1 at `/openapi.json`. Default: false. */
  docs?: boolean;
}

/** What a handler is given beside the request: values that have passed their schemas; others get 422. */
export interface WebInput<
  Query extends StandardSchema | undefined = undefined,
  Body extends StandardSchema | undefined = undefined,
> {
  /** Parameters of the address. */
  query: Query extends StandardSchema ? SchemaOutput<Query> : Record<string, string | string[] | undefined>;
  /** The body; undefined without a schema for it: then read it from the request. */
  body: Body extends StandardSchema ? SchemaOutput<Body> : undefined;
}

/** What a handler may return: a value instead of a `Response` where there is a schema for it. */
export type WebAnswer<Returned extends StandardSchema | undefined = undefined> =
  | Response
  | (Returned extends StandardSchema ? SchemaInput<Returned> : never);

/**
 * Answers a request. `request.signal` aborts when the client leaves.
 *
 * @example
 * const hello: WebHandler = (request) => new Response(`You asked for ${new URL(request.url).pathname}`);
 */
export type WebHandler<
  Query extends StandardSchema | undefined = undefined,
  Body extends StandardSchema | undefined = undefined,
  Returned extends StandardSchema | undefined = undefined,
> = (request: Request, input: WebInput<Query, Body>) => WebAnswer<Returned> | Promise<WebAnswer<Returned>>;

/** Anything that answers requests, such as an app of Hono's. */
export interface WebApp {
  /** Answers a request. */
  fetch(request: Request): Response | Promise<Response>;
}

/** How a function or method serves the web. */
export type WebMark =
  | ({ kind: "handler" } & WebOptions)
  | ({ kind: "server"; port: number } & WebAddressOptions);

const addressNames = ["label", "customDomains", "requiresProxyAuth"];

/** Names of options that are `web`'s own. */
export const webOptionNames: readonly string[] = [
  ...addressNames,
  "method",
  "docs",
  "query",
  "body",
  "response",
];

/** Names of options that are `webServer`'s own. */
export const webServerOptionNames: readonly string[] = [...addressNames, "port"];

/**
 * Checks what a function or method says of the web. `owner` names it in errors.
 *
 * @throws AppError OPTION_INVALID, OPTION_UNKNOWN
 */
export function checkWebMark(owner: string, mark: WebMark): void {
  const known = mark.kind === "handler" ? webOptionNames : webServerOptionNames;
  for (const name of Object.keys(mark)) {
    if (name === "kind" || known.includes(name)) continue;
    throw new AppError("OPTION_UNKNOWN", `${owner} has no option "${name}".`, {
      status: "INVALID_ARGUMENT",
      remedy: `Known options for the web: ${known.join(", ")}.`,
    });
  }
  const { label, customDomains = [] } = mark;
  if (label !== undefined && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label)) {
    throw invalid(owner, "label", label, "letters from a to z, digits and dashes, 63 at most");
  }
  for (const domain of customDomains) {
    if (!isDomainName(domain))
      throw invalid(owner, "customDomains", domain, 'host names such as "models.example.com"');
  }
  if (mark.kind === "handler") checkHandler(owner, mark);
  else if (!Number.isInteger(mark.port) || mark.port < 1 || mark.port > 65_535)
    throw invalid(owner, "port", mark.port, "a whole number from 1 to 65535");
}

function checkHandler(owner: string, mark: WebMark & { kind: "handler" }): void {
  if (mark.method !== undefined && !/^[A-Z]{1,20}$/.test(mark.method))
    throw invalid(owner, "method", mark.method, 'one in capitals, such as "POST"');
  for (const name of ["query", "body", "response"] as const) {
    const schema: unknown = mark[name];
    const isSchema =
      schema === undefined ||
      ((typeof schema === "object" || typeof schema === "function") &&
        schema !== null &&
        "~standard" in schema);
    if (!isSchema) throw invalid(owner, name, schema, "a schema of zod, Valibot, ArkType or the like");
  }
  if (mark.body !== undefined && (mark.method === "GET" || mark.method === "HEAD"))
    throw invalid(
      owner,
      "method",
      mark.method,
      "one whose requests have a body, since there is a schema for it",
    );
}

function invalid(owner: string, name: string, value: unknown, expected: string): AppError {
  return new AppError("OPTION_INVALID", `${owner} has ${name}: ${JSON.stringify(value) ?? String(value)}.`, {
    status: "INVALID_ARGUMENT",
    remedy: `It must be ${expected}.`,
  });
}
