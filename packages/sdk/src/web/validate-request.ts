import type { SchemaIssue, StandardSchema } from "../schema/standard-schema.ts";
import { issuePath } from "../schema/standard-schema.ts";
import type { WebOptions } from "./web-options.ts";

/** Values of a request, whatever their schemas are. */
export interface CheckedInput {
  query: unknown;
  body: unknown;
}

/** What a body with a schema may have: it is read whole. */
const maxBodyBytes = 16 * 1024 * 1024;
/** Reasons that an answer names: a client can have one in each byte of what it sends. */
const maxIssues = 100;

/**
 * The values of a request that have passed their schemas, and the request, whose body can be read again; or the answer to one
 * whose values have not.
 */
export async function validateRequest(
  request: Request,
  schemas: Pick<WebOptions, "query" | "body">,
): Promise<{ input: CheckedInput; request: Request } | Refused> {
  const input = unchecked(request);
  if (schemas.query) {
    const query = await check(schemas.query, input.query, "query");
    if ("refusal" in query) return query;
    Object.defineProperty(input, "query", { value: query.value });
  }
  if (!schemas.body) return { input, request };
  const read = await readBody(request);
  if ("refusal" in read) return read;
  const body = await check(schemas.body, read.value, "body");
  if ("refusal" in body) return body;
  input.body = body.value;
  if (!request.body) return { input, request };
  const { method } = request;
  return { input, request: new Request(request, { method, body: read.bytes }) };
}

/** What a handler without schemas is given: its query is read when it is asked for. */
export function unchecked(request: Request): CheckedInput {
  return {
    get query() {
      return queryOf(new URL(request.url));
    },
    body: undefined,
  };
}

type Refused = { refusal: Response };

async function check(
  schema: StandardSchema,
  value: unknown,
  where: "query" | "body",
): Promise<{ value: unknown } | Refused> {
  const result = await schema["~standard"].validate(value);
  return result.issues ? { refusal: unprocessable(where, result.issues) } : { value: result.value };
}

/** The parameters of an address: a text by its name, or texts for a name that is given more than once. */
export function queryOf(url: URL): Record<string, string | string[]> {
  return byName(url.searchParams);
}

/** Values by their names, in one pass: others choose how many names there are. */
function byName<T>(entries: Iterable<[name: string, value: T]>): Record<string, T | T[]> {
  const all = new Map<string, T[]>();
  for (const [name, value] of entries) {
    const values = all.get(name);
    if (values) values.push(value);
    else all.set(name, [value]);
  }
  return Object.fromEntries(
    [...all].map(([name, values]) => [name, values.length > 1 ? values : values[0]]),
  ) as Record<string, T | T[]>;
}

async function readBody(
  request: Request,
): Promise<{ value: unknown; bytes: Uint8Array<ArrayBuffer> } | Refused> {
  const type =
    (request.headers.get("content-type") ?? "application/json").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const isForm = type === "application/x-www-form-urlencoded" || type === "multipart/form-data";
  if (!isForm && type !== "application/json" && !type.endsWith("+json"))
    return { refusal: refuse(415, `A body of type ${type} is not understood here: send application/json.`) };
  const bytes = await readAtMost(request, maxBodyBytes);
  if (!bytes) return { refusal: refuse(413, `A body may have ${maxBodyBytes} bytes here.`) };
  try {
    if (!isForm) return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)), bytes };
    const form = await new Response(bytes, {
      headers: { "content-type": request.headers.get("content-type") ?? type },
    }).formData();
    return { value: byName(form), bytes };
  } catch {
    const what = isForm ? "a form" : "JSON";
    return { refusal: unprocessable("body", [{ message: `The body is not ${what}.` }]) };
  }
}

/** Undefined for a body that is longer. */
async function readAtMost(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) return undefined;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.byteLength;
    if (size > limit) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function unprocessable(where: "query" | "body", issues: readonly SchemaIssue[]): Response {
  const told = issues
    .slice(0, maxIssues)
    .map((issue) => ({ in: where, path: issuePath(issue), message: issue.message }));
  return Response.json(
    { error: `The ${where} is not what this address takes.`, issues: told },
    { status: 422 },
  );
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
