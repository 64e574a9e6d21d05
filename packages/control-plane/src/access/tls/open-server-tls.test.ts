import { once } from "node:events";
import { X509Certificate } from "node:crypto";
import { chmod, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { HttpListener } from "@dorian/protocol/http/http-listener";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { issueAuthority, issueServerCertificate, newKey } from "./issue-certificate.ts";
import { OperatorCertificate } from "./operator-certificate.ts";
import { openServerTls } from "./open-server-tls.ts";
import type { ServerTls, ServerTlsOptions } from "./server-tls.ts";

const dayMs = 24 * 3600 * 1000;

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "dorian-tls-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function opened(dataDirectory: string, options: Partial<ServerTlsOptions> = {}): Promise<ServerTls> {
  const tls = await openServerTls({
    settings: { kind: "own" },
    dataDirectory,
    dataDirectoryId: "dd-1",
    names: ["box.example.com"],
    plaintextFromElsewhere: false,
    logger: pino({ level: "silent" }),
    nowMs: Date.now,
    ...options,
  });
  onTestFinished(() => tls[Symbol.dispose]());
  return tls;
}

const leafOf = (tls: ServerTls) => new X509Certificate(String(tls.current().cert));

test("the first start makes an authority, for its owner alone, and later ones keep it", async () => {
  const directory = await temporary();
  const first = await opened(directory);
  const authority = await readFile(first.trust?.authority ?? "", "utf8");
  for (const name of await readdir(join(directory, "tls"))) {
    expect((await stat(join(directory, "tls", name))).mode & 0o777).toBe(0o600);
  }
  expect((await stat(join(directory, "tls"))).mode & 0o777).toBe(0o700);
  const second = await opened(directory);
  expect(await readFile(second.trust?.authority ?? "", "utf8")).toBe(authority);
  for (const tls of [first, second]) {
    expect(leafOf(tls).verify(new X509Certificate(authority).publicKey)).toBe(true);
  }
  expect(await readFile(first.trust?.all ?? "", "utf8")).toContain(authority);
});

test("a certificate holds for what the machine is called, and for what clients call it", async () => {
  const leaf = leafOf(await opened(await temporary(), { names: ["box.example.com", "203.0.113.9"] }));
  for (const name of ["localhost", hostname(), "box.example.com"]) expect(leaf.checkHost(name)).toBeDefined();
  for (const address of ["127.0.0.1", "::1", "203.0.113.9"]) expect(leaf.checkIP(address)).toBeDefined();
});

test("an authority that cannot be read is refused with what to do", async () => {
  const directory = await temporary();
  const { trust } = await opened(directory);
  await writeFile(trust?.authority ?? "", "no certificate");
  await expect(opened(directory)).rejects.toMatchObject({ code: "TLS_AUTHORITY_INVALID" });
  await rm(trust?.authority ?? "");
  await expect(opened(directory)).resolves.toBeDefined();
});

test("an authority that has ended is followed by another", async () => {
  const directory = await temporary();
  const old = await opened(directory, { nowMs: () => Date.now() - 21 * 365 * dayMs });
  const before = await readFile(old.trust?.authority ?? "", "utf8");
  const { trust } = await opened(directory);
  expect(await readFile(trust?.authority ?? "", "utf8")).not.toBe(before);
});

function pair(name: string) {
  const authority = { name: "An authority", key: newKey() };
  const key = newKey();
  const validity = { from: Date.now() - dayMs, until: Date.now() + 90 * dayMs };
  return {
    ca: issueAuthority(authority, validity),
    cert: issueServerCertificate(authority, { names: [name, "127.0.0.1"], key, validity }),
    key: key.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

async function files(directory: string, { cert, key }: { cert: string; key: string }) {
  const paths = { certPath: join(directory, "cert.pem"), keyPath: join(directory, "key.pem") };
  await writeFile(paths.certPath, cert);
  await writeFile(paths.keyPath, key);
  return paths;
}

test.each([
  ["no certificate", { cert: "x", key: pair("a").key }, "TLS_CERTIFICATE_INVALID"],
  ["no key", { cert: pair("a").cert, key: "x" }, "TLS_CERTIFICATE_INVALID"],
  ["a key of another one", { cert: pair("a").cert, key: pair("a").key }, "TLS_KEY_MISMATCH"],
])("%s in the operator's files is refused [B20]", async (_what, content, code) => {
  const directory = await temporary();
  const settings = { kind: "files" as const, ...(await files(directory, content)) };
  await expect(opened(directory, { settings })).rejects.toMatchObject({ code });
});

test("a file that is missing or closed to the server is named", async () => {
  const settings = {
    kind: "files" as const,
    certPath: "/nonexistent/cert.pem",
    keyPath: "/nonexistent/key.pem",
  };
  await expect(opened(await temporary(), { settings })).rejects.toMatchObject({
    code: "TLS_FILE_UNREADABLE",
    message: expect.stringContaining("/nonexistent/cert.pem") as string,
  });
});

test("new files of the operator are used without a restart, by connections that come from then on [B20]", async () => {
  const directory = await temporary();
  const [before, after] = [pair("before.example"), pair("after.example")];
  const paths = await files(directory, before);
  const logged: string[] = [];
  using tls = await OperatorCertificate.open({
    ...paths,
    plaintextFromElsewhere: false,
    logger: pino({ level: "warn" }, { write: (line: string) => void logged.push(line) }),
    nowMs: Date.now,
    lookEveryMs: 20,
  });
  await using http = await HttpListener.open({
    address: { host: "127.0.0.1", port: 0 },
    maxHeaderBytes: 16_384,
    tls,
    onRequest: (_incoming, response) => void response.end("served"),
    onFailure: () => undefined,
  });
  const served = async (ca: string) => {
    const asked = request({ host: "127.0.0.1", port: http.port, ca, agent: false }).end();
    const [response] = await once(asked, "response");
    return (response as { statusCode: number }).statusCode;
  };
  expect(await served(before.ca)).toBe(200);
  await expect(served(after.ca)).rejects.toThrow(/certificate/);
  // Whole at once, as tools that renew certificates do: a file that is half written would be told of, too.
  const replace = async (path: string, content: string) => {
    await writeFile(`${path}.new`, content);
    await rename(`${path}.new`, path);
  };
  await replace(paths.certPath, after.cert);
  await expect.poll(() => logged.join("")).toContain("the one before goes on");
  expect(await served(before.ca)).toBe(200);
  await replace(paths.keyPath, after.key);
  await expect.poll(() => served(after.ca).catch(() => 0)).toBe(200);
  expect(logged).toHaveLength(1);
  await chmod(paths.keyPath, 0o600);
});

test("a certificate of its own is served with the authority that signed it", async () => {
  const tls = await opened(await temporary());
  await using http = await HttpListener.open({
    address: { host: "127.0.0.1", port: 0 },
    maxHeaderBytes: 16_384,
    tls,
    onRequest: (_incoming, response) => void response.end("served"),
    onFailure: () => undefined,
  });
  const ca = await readFile(tls.trust?.authority ?? "");
  const socket = connect({ host: "127.0.0.1", port: http.port, ca, ALPNProtocols: ["http/1.1"] });
  await once(socket, "secureConnect");
  expect([socket.authorized, socket.alpnProtocol]).toEqual([true, "http/1.1"]);
  expect(socket.getPeerCertificate(true).issuerCertificate.subject.CN).toBe("Dorian authority of dd-1");
  socket.destroy();
});
