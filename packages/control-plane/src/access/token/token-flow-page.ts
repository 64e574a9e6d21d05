import type { HttpRoute } from "../http/http-route.ts";
import type { TokenFlow, TokenFlows } from "./token-flows.ts";

export const tokenFlowPath = "/token-flow/";

/** The page that `modal token new` opens: it says how to let the client in, and when that has happened. */
export function tokenFlowRoute(flows: TokenFlows): HttpRoute {
  return {
    method: "GET",
    prefix: tokenFlowPath,
    async handle({ rest, response }) {
      const flow = flows.get(rest);
      response.writeHead(flow ? 200 : 404, {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "Referrer-Policy": "no-referrer",
      });
      response.end(page(flow));
    },
  };
}

function page(flow: TokenFlow | undefined): string {
  if (!flow) {
    return document("The request has ended", "<p>Run <code>modal token new</code> again.</p>", {
      waits: false,
    });
  }
  if (flow.granted) {
    return document("The client has its token", "<p>You can close this page.</p>", { waits: false });
  }
  return document(
    "A client asks for a token",
    `<p class="code">${escaped(flow.code)}</p>
<p>Compare this code with the one in your terminal. Then let the client in from the server's machine, or from any that has a token already:</p>
<pre>dorian token approve ${escaped(flow.code)}</pre>
<p>This page says when it is done.</p>`,
    { waits: true },
  );
}

function document(title: string, body: string, { waits }: { waits: boolean }): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
${waits ? '<meta http-equiv="refresh" content="2">' : ""}
<title>${title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem; color: #1d232b; }
.code { font: 600 2.2rem ui-monospace, monospace; letter-spacing: .1em; }
pre { background: #f2f4f7; border-radius: .5rem; padding: 1rem; overflow-x: auto; }
@media (prefers-color-scheme: dark) { body { background: #14181d; color: #e6e9ee; } pre { background: #222931; } }
</style></head>
<body><h1>${title}</h1>
${body}
</body></html>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
