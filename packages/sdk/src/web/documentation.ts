import { openApi, type Json } from "./open-api.ts";
import type { WebOptions } from "./web-options.ts";

/** The documentation that is served at an address; undefined for all others. */
export function documentationAt(url: URL, name: string, options: WebOptions): Response | undefined {
  if (url.pathname === "/openapi.json") return Response.json(openApi(name, options, url.origin));
  if (url.pathname !== "/docs") return undefined;
  const page = documentationPage(openApi(name, options, url.origin));
  return new Response(page, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    },
  });
}

/** A page for people: no script, and nothing from elsewhere. */
export function documentationPage(document: Json): string {
  const { info, paths, servers } = document as {
    info: { title: string };
    servers: [{ url: string }];
    paths: { "/": Record<string, Operation> };
  };
  const [[method, operation] = ["get", {} as Operation]] = Object.entries(paths["/"]);
  const { parameters = [], requestBody, responses, security } = operation;
  const answer = responses?.["200"]?.content?.["application/json"]?.schema;
  const body = requestBody?.content["application/json"].schema;
  const rows = parameters.map(
    ({ name, required, schema }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${required ? "required" : ""}</td><td><code>${escaped(JSON.stringify(schema))}</code></td></tr>`,
  );
  const sections = [
    `<h1>${escaped(info.title)}</h1><p><code>${method.toUpperCase()} ${escaped(servers[0].url)}/</code></p>`,
    security
      ? "<p>Wants a proxy token in the headers <code>Modal-Key</code> and <code>Modal-Secret</code>.</p>"
      : "",
    rows.length > 0 ? `<h2>Parameters</h2><table>${rows.join("")}</table>` : "",
    body ? `<h2>Body</h2><pre>${escaped(JSON.stringify(body, undefined, 2))}</pre>` : "",
    answer ? `<h2>Answer</h2><pre>${escaped(JSON.stringify(answer, undefined, 2))}</pre>` : "",
    '<p><a href="openapi.json">openapi.json</a></p>',
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(info.title)}</title><style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
pre { background: #f4f4f4; padding: 1rem; overflow: auto; } td { padding: .2rem 1rem .2rem 0; vertical-align: top; }
</style></head><body>${sections.join("\n")}</body></html>`;
}

interface Operation {
  parameters?: { name: string; required: boolean; schema: unknown }[];
  requestBody?: { content: { "application/json": { schema: unknown } } };
  responses?: Record<string, { content?: { "application/json": { schema: unknown } } }>;
  security?: unknown;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);
}
