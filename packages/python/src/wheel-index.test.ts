import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { defaultBorder } from "@dorian/operator/network-border";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { wheel, WheelServer, type WheelServerOptions } from "@dorian/testkit/wheel-server";
import { expect, onTestFinished, test } from "vitest";
import { WheelIndex } from "./wheel-index.ts";
import type { WheelTarget } from "./wheel-tags.ts";

const target: WheelTarget = { pythonMinor: "3.11", libc: "manylinux", arch: "x86_64" };
const never = new AbortController().signal;

async function serve(options: WheelServerOptions): Promise<WheelServer> {
  const server = await WheelServer.open(options);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function open(
  pip: Record<string, string>,
  options: { cache?: string; proxyEnv?: Record<string, string>; certificates?: string } = {},
) {
  const scratch = await temporaryDirectory();
  onTestFinished(() => scratch[Symbol.asyncDispose]());
  const cacheDirectory = options.cache ?? join(scratch.path, "wheels");
  const { proxyEnv = {}, certificates } = options;
  const settings = {
    pip: { options: new Map(Object.entries({ retries: "1", timeout: "5", ...pip })) },
    proxyEnv,
    certificates,
    networkBorder: defaultBorder,
  };
  const index = await WheelIndex.open({ settings, cacheDirectory });
  onTestFinished(() => index[Symbol.dispose]());
  return { cacheDirectory, get: (wanted: string) => index.fetch(wanted, target, { signal: never }) };
}

test.each(["json", "html"] as const)(
  "a wheel is got from an index in its %s form, and kept",
  async (form) => {
    const server = await serve({
      form,
      files: {
        "my_pkg-1.0-py3-none-any.whl": wheel("my_pkg", "1.0"),
        "my_pkg-1.1-py3-none-any.whl": { content: wheel("my_pkg", "1.1"), requiresPython: ">=3.12,<4" },
        "my_pkg-1.2-py3-none-any.whl": { content: wheel("my_pkg", "1.2"), yanked: true },
        "my_pkg-2.0+cpu-py3-none-any.whl": wheel("my_pkg", "2.0+cpu"),
      },
    });
    const index = await open({ "index-url": `${server.url}/` });
    const got = await index.get("My.Pkg<2");
    expect(got).toMatchObject({ name: "my-pkg", version: "1.0" });
    expect(await readFile(got.path)).toEqual(wheel("my_pkg", "1.0"));
    expect((await index.get("my-pkg")).version).toBe("2.0+cpu");
    expect(await index.get("my-pkg==1.0")).toEqual(got);
    expect(server.requests).toEqual([
      "/simple/my-pkg/",
      "/files/my_pkg-1.0-py3-none-any.whl",
      "/files/my_pkg-2.0%2Bcpu-py3-none-any.whl",
    ]);
  },
);

test("a download outlives the process, and many who want it at once share it", async () => {
  const server = await serve({ files: { "pkg-1.0-py3-none-any.whl": wheel("pkg", "1.0") } });
  const first = await open({ "index-url": server.url });
  await Promise.all(Array.from({ length: 8 }, () => first.get("pkg==1.0")));
  const second = await open({ "index-url": server.url }, { cache: first.cacheDirectory });
  await second.get("pkg==1.0");
  expect(server.requests.filter((path) => path.startsWith("/files"))).toHaveLength(1);
  expect(server.requests).toHaveLength(3);
});

test("a file with another digest than its index says is refused, and not kept", async () => {
  const content = wheel("pkg", "1.0");
  const server = await serve({ files: { "pkg-1.0-py3-none-any.whl": { content, sha256: "a".repeat(64) } } });
  const index = await open({ "index-url": server.url });
  await expect(index.get("pkg")).rejects.toMatchObject({ code: "WHEEL_DIGEST_MISMATCH" });
  expect(await readdir(index.cacheDirectory)).toEqual([]);
});

test("directories of wheels are looked through, and suffice for a pinned version without a network", async () => {
  await using links = await temporaryDirectory({ "pkg-1.0-py3-none-any.whl": wheel("pkg", "1.0") });
  const offline = await open({
    "index-url": "http://127.0.0.1:9/simple",
    "find-links": `/nowhere ${links.path}`,
  });
  expect((await offline.get("pkg==1.0")).path).toBe(join(links.path, "pkg-1.0-py3-none-any.whl"));
  expect((await offline.get("pkg")).version).toBe("1.0");
  await expect(offline.get("pkg>1")).rejects.toMatchObject({
    code: "HTTP_SOURCE_UNREACHABLE",
    message: expect.stringContaining("http://127.0.0.1:9/simple/pkg/ cannot be reached"),
  });
  const alone = await open({ "no-index": "1", "find-links": `file://${links.path}` });
  expect((await alone.get("pkg")).version).toBe("1.0");
  await expect(alone.get("other")).rejects.toMatchObject({
    code: "WHEEL_NOT_FOUND",
    message: `There is no package "other" at ${links.path}.`,
    remedy: expect.stringContaining("PIP_FIND_LINKS"),
  });
});

test("a page of links, further indexes and a wheel without a digest are taken as well", async () => {
  const first = await serve({ files: { "pkg-1.0-py3-none-any.whl": wheel("pkg", "1.0") } });
  const second = await serve({
    files: { "pkg-1.5-py3-none-any.whl": { content: wheel("pkg", "1.5"), sha256: "" } },
  });
  const index = await open({ "index-url": first.url, "extra-index-url": second.url });
  expect((await index.get("pkg")).version).toBe("1.5");
  const page = await open({ "no-index": "true", "find-links": `${second.url}/pkg/` });
  const got = await page.get("pkg");
  expect(await readFile(got.path)).toEqual(wheel("pkg", "1.5"));
});

test("credentials in the address are sent and never shown", async () => {
  const server = await serve({
    credentials: "me:s%20ecret".replace("%20", ""),
    files: { "pkg-1.0-py3-none-any.whl": wheel("pkg", "1.0") },
  });
  expect((await (await open({ "index-url": server.url })).get("pkg")).version).toBe("1.0");
  const wrong = await open({ "index-url": server.url.replace("secret", "guessed") });
  const failure = await wrong.get("pkg").catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "WHEEL_INDEX_REFUSED", remedy: expect.stringContaining("password") });
  expect(String(failure)).not.toContain("guessed");
});

test("a server that stumbles is asked again, and one that stays down is named", async () => {
  const server = await serve({ files: { "pkg-1.0-py3-none-any.whl": wheel("pkg", "1.0") } });
  server.failures.push(503);
  const index = await open({ "index-url": server.url });
  expect((await index.get("pkg")).version).toBe("1.0");
  server.failures.push(500, 502);
  await expect(index.get("other")).rejects.toMatchObject({
    code: "HTTP_SOURCE_UNREACHABLE",
    message: expect.stringContaining("status 502"),
  });
});

test("requests go through the operator's proxy", async () => {
  const server = await serve({ files: { "pkg-1.0-py3-none-any.whl": wheel("pkg", "1.0") } });
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? "");
    const { hostname, port, pathname } = new URL(
      server.url.replace("/simple", new URL(request.url ?? "").pathname),
    );
    void fetch(`http://${hostname}:${port}${pathname}`, { headers: { accept: "text/html" } }).then(
      async (answer) => {
        response.setHeader("content-type", "text/html");
        response.end(Buffer.from(await answer.arrayBuffer()));
      },
    );
  });
  const url = await listening(proxy);
  const index = await open(
    { "index-url": "http://packages.invalid/simple" },
    { proxyEnv: { http_proxy: url } },
  );
  expect((await index.get("pkg")).version).toBe("1.0");
  expect(asked[0]).toBe("http://packages.invalid/simple/pkg/");
});

test("the operator's certificates are trusted, and hosts that are trusted anyway", async () => {
  await using keys = await temporaryDirectory();
  const [key, certificate] = [join(keys.path, "key.pem"), join(keys.path, "cert.pem")];
  await promisify(execFile)("openssl", [
    ..."req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext".split(" "),
    "subjectAltName=DNS:localhost",
    "-keyout",
    key,
    "-out",
    certificate,
  ]);
  const { createServer: createTlsServer } = await import("node:https");
  const content = wheel("pkg", "1.0");
  const server = createTlsServer(
    { key: await readFile(key), cert: await readFile(certificate) },
    (request, response) => {
      if (request.url === "/simple/pkg/") response.end('<a href="/pkg-1.0-py3-none-any.whl">x</a>');
      else response.end(content);
    },
  );
  const { port } = new URL(await listening(server as unknown as Server));
  const at = { "index-url": `https://localhost:${port}/simple` };
  await expect((await open(at)).get("pkg")).rejects.toMatchObject({
    code: "HTTP_SOURCE_UNREACHABLE",
    message: expect.stringContaining("self-signed"),
  });
  const certificates = await readFile(certificate, "utf8");
  expect((await (await open(at, { certificates })).get("pkg")).version).toBe("1.0");
  expect((await (await open({ ...at, "trusted-host": "localhost" })).get("pkg")).version).toBe("1.0");
});

test("a page of an index leads neither to what this machine serves to itself nor to its files", async () => {
  const asked: string[] = [];
  const own = createServer((request, response) => {
    asked.push(String(request.url));
    response.end(wheel("away", "1.0"));
  });
  const elsewhere = await listening(own);
  await using files = await temporaryDirectory({ "local-1.0-py3-none-any.whl": "a file of this machine" });
  const away = `${elsewhere}/away-1.0-py3-none-any.whl`;
  const local = `file://${files.path}/local-1.0-py3-none-any.whl`;
  const page = createServer((request, response) => {
    if (request.url?.endsWith("/moved-1.0-py3-none-any.whl"))
      response.writeHead(302, { location: away }).end();
    else
      response.end(
        `<a href="${away}">a</a><a href="${local}">l</a><a href="moved-1.0-py3-none-any.whl">m</a>`,
      );
  });
  const { get } = await open({ "no-index": "1", "find-links": `${await listening(page)}/page/` });
  await expect(get("away")).rejects.toMatchObject({ code: "FETCH_REFUSED" });
  await expect(get("moved")).rejects.toMatchObject({ code: "FETCH_REFUSED" });
  await expect(get("local")).rejects.toMatchObject({ code: "WHEEL_NOT_FOUND" });
  expect(asked).toEqual([]);
});

test("one who gives up does not wait, and does not spoil it for the others", async () => {
  const server = await serve({ files: { "pkg-1.0-py3-none-any.whl": wheel("pkg", "1.0") } });
  await using scratch = await temporaryDirectory();
  const settings = {
    pip: { options: new Map([["index-url", server.url]]) },
    proxyEnv: {},
    certificates: undefined,
    networkBorder: defaultBorder,
  };
  using index = await WheelIndex.open({ settings, cacheDirectory: scratch.path });
  const impatient = new AbortController();
  const first = index.fetch("pkg", target, { signal: impatient.signal });
  const second = index.fetch("pkg", target, { signal: never });
  impatient.abort(new Error("gave up"));
  await expect(first).rejects.toThrow("gave up");
  expect((await second).version).toBe("1.0");
});

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("an index page without end, packed to almost nothing, is not read on [B16]", async () => {
  const block = gzipSync(Buffer.alloc(32 * 2 ** 20, "x"));
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html", "content-encoding": "gzip" });
    // Members of a gzip follow one another.
    for (let count = 0; count < 8; count += 1) response.write(block);
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const index = await open({ "index-url": `http://127.0.0.1:${port}/simple` });
  await expect(index.get("my-pkg")).rejects.toMatchObject({
    code: "ANSWER_TOO_LARGE",
    message: `The page http://127.0.0.1:${port}/simple/my-pkg/ is longer than 64 MiB, and was not read on.`,
  });
});
