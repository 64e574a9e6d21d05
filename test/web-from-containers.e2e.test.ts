import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Function as RemoteFunction } from "dorian";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { runningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { expect, test } from "vitest";

/** In Python: a web function, and functions that ask it, at the address that they are given or that they look up. */
const python = `
import modal
app = modal.App("web")
image = modal.Image.debian_slim("3.11")

@app.function(image=image)
@modal.concurrent(max_inputs=20)
@modal.asgi_app()
def page():
    async def web(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})
    return web

def fetch(url: str, authority: str):
    import ssl, urllib.request
    context = ssl.create_default_context(cadata=authority) if authority else None
    with urllib.request.urlopen(url, timeout=20, context=context) as answer:
        return answer.read().decode()

@app.function(image=image)
def ask(url: str, authority: str):
    return fetch(url, authority)

@app.function(image=image)
def find(authority: str):
    return fetch(page.get_web_url() + "/looked/up", authority)

@app.function(image=image, block_network=True)
def cut_off(url: str):
    try:
        return fetch(url, "")
    except OSError as error:
        return type(error).__name__
`;

const typescript = `
import { App, Image } from "dorian";
import { request } from "node:https";
import { text } from "node:stream/consumers";
export const app = new App("asks", { image: Image.debianSlim() });
export const ask = app.function({ name: "ask" }, async (url: string, authority: string) => {
  if (!authority) return (await fetch(url)).text();
  const response = await new Promise((resolve, reject) => request(url, { ca: authority }, resolve).on("error", reject).end());
  return text(response as never);
});
`;

const call = (app: string, name: string, ...args: string[]) =>
  RemoteFunction.fromName(app, name).remote(...(args as never[]));

test.each([
  ["on loopback, with user ids of their own where the kernel has them", ["--listen", "127.0.0.1:0"], false],
  ["on loopback, with TLS", ["--listen", "127.0.0.1:0", "--tls", "--user-namespaces", "off"], true],
])(
  "containers in both languages reach web functions of their own server %s [A22]",
  { timeout: 240_000 },
  async (_where, args, isSecure) => {
    await using server = await runningServer({
      clients: [modalVersions.newest],
      apps: [typescript],
      args: [...args, "--web-ports", "0"],
    });
    await using project = await temporaryDirectory({ "web.py": python });
    const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
    // In plain text, which is taken from this machine: the client trusts no authority but those of its own list.
    const env = { MODAL_SERVER_URL: String(server.processes.ready["url"]).replace("https:", "http:") };
    const deployed = await client.modal(["deploy", "web.py"], { cwd: project.path, env });
    expect(deployed.code, deployed.stderr).toBe(0);
    const url = /https?:\/\/[\w.-]+:\d+/.exec(deployed.stdout)?.[0] ?? "";
    expect(url.startsWith(isSecure ? "https:" : "http:")).toBe(true);
    const authority = isSecure ? await readFile(join(server.dataDirectory, "tls/authority.pem"), "utf8") : "";
    expect(await call("web", "ask", `${url}/from/python`, authority)).toBe("/from/python");
    expect(await call("web", "find", authority)).toBe("/looked/up");
    expect(await call("asks", "ask", `${url}/from/typescript`, authority)).toBe("/from/typescript");
    expect(await call("web", "cut_off", `${url}/`)).toBe("URLError");
  },
);
