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

/** The values of a request that have passed their schemas, or the answer to one whose values have not. */
export async function validateRequest(
  request: Request,
  schemas: Pick<WebOptions, "query" | "body">,
): Promise<{ input: CheckedInput } | { refusal: Response }> {
  const query = queryOf(new URL(request.url));
  const checkedQuery = await check(schemas.query, query, "query");
  if ("refusal" in checkedQuery) return checkedQuery;
  if (!schemas.body) return { input: { query: checkedQuery.value, body: undefined } };
  const read = await readBody(request);
  if ("refusal" in read) return read;
  const body = await check(schemas.body, read.value, "body");
  if ("refusal" in body) return body;
  return { input: { query: checkedQuery.value, body: body.value } };
}

type Checked = { value: unknown } | { refusal: Response };

async function check(
  schema: StandardSchema | undefined,
  value: unknown,
  where: "query" | "body",
): Promise<Checked> {
  if (!schema) return { value };
  const result = await schema["~standard"].validate(value);
  return result.issues ? { refusal: unprocessable(where, result.issues) } : { value: result.value };
}

/** The parameters of an address: a text by its name, or texts for a name that is given more than once. */
export function queryOf(url: URL): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const name of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(name);
    query[name] = values.length === 1 ? (values[0] ?? "") : values;
  }
  return { ...query };
}

async function readBody(request: Request): Promise<Checked> {
  const type =
    (request.headers.get("content-type") ?? "application/json").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const isForm = type === "application/x-www-form-urlencoded" || type === "multipart/form-data";
  if (!isForm && type !== "application/json" && !type.endsWith("+json"))
    return { refusal: refuse(415, `A body of type ${type} is not understood here: send application/json.`) };
  const bytes = await readAtMost(request, maxBodyBytes);
  if (!bytes) return { refusal: refuse(413, `A body may have ${maxBodyBytes} bytes here.`) };
  try {
    if (!isForm) return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
    const form = await new Response(bytes, {
      headers: { "content-type": request.headers.get("content-type") ?? type },
    }).formData();
    const fields = new Set(form.keys());
    const values = [...fields].map((name) => {
      const all = form.getAll(name);
      return [name, all.length === 1 ? all[0] : all] as const;
    });
    return { value: Object.fromEntries(values) };
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
  const told = issues.map((issue) => ({ in: where, path: issuePath(issue), message: issue.message }));
  return Response.json(
    { error: `The ${where} is not what this address takes.`, issues: told },
    { status: 422 },
  );
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
