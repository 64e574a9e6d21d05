import type { StandardSchema } from "../schema/standard-schema.ts";
import type { WebOptions } from "./web-options.ts";

export type Json = Record<string, unknown>;

/** What OpenAPI 3.1 says of a web function. */
export function openApi(name: string, options: WebOptions, origin: string): Json {
  const { query, body, response } = options;
  const method = (options.method ?? (body ? "POST" : "GET")).toLowerCase();
  const refused = query || body ? { 422: { description: "The query or the body does not fit." } } : {};
  const json = (schema: StandardSchema, side: Side) => ({
    content: { "application/json": { schema: jsonSchemaOf(schema, side) } },
  });
  return {
    openapi: "3.1.0",
    info: { title: name, version: "1" },
    servers: [{ url: origin }],
    paths: {
      "/": {
        [method]: {
          operationId: name,
          ...(query ? { parameters: parametersOf(jsonSchemaOf(query, "input")) } : {}),
          ...(body ? { requestBody: { required: true, ...json(body, "input") } } : {}),
          responses: {
            200: { description: "The answer.", ...(response ? json(response, "output") : {}) },
            ...refused,
          },
          ...(options.requiresProxyAuth ? { security: [{ key: [], secret: [] }] } : {}),
        },
      },
    },
    ...(options.requiresProxyAuth ? { components: { securitySchemes: proxyTokenSchemes } } : {}),
  };
}

const proxyTokenSchemes = {
  key: { type: "apiKey", in: "header", name: "Modal-Key" },
  secret: { type: "apiKey", in: "header", name: "Modal-Secret" },
};

type Side = "input" | "output";

/** How libraries say the JSON schema of one of theirs: the standard's way, zod's and Valibot's, ArkType's. */
interface WithJsonSchema {
  "~standard": { jsonSchema?: Record<Side, (options: { target: string }) => unknown> };
  toJSONSchema?: (options: { io: Side }) => unknown;
  toJsonSchema?: () => unknown;
  jsonSchema?: unknown;
}

/** The JSON schema of a schema; one that takes everything where its library does not say. */
export function jsonSchemaOf(schema: StandardSchema, side: Side): Json {
  const said = schema as unknown as WithJsonSchema;
  try {
    const found =
      said["~standard"].jsonSchema?.[side]({ target: "draft-2020-12" }) ??
      said.toJSONSchema?.({ io: side }) ??
      said.toJsonSchema?.() ??
      said.jsonSchema;
    return typeof found === "object" && found !== null ? (found as Json) : {};
  } catch {
    // Some types have none, such as dates.
    return {};
  }
}

function parametersOf({ properties, required }: Json): Json[] {
  const names = Array.isArray(required) ? (required as string[]) : [];
  return Object.entries((properties ?? {}) as Json).map(([name, schema]) => ({
    name,
    in: "query",
    required: names.includes(name),
    schema,
  }));
}
