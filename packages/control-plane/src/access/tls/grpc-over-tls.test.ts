import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GrpcServer, mountService } from "@dorian/protocol/server/grpc-server";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { OperatorService } from "@dorian/protocol/operator";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { issueAuthority, issueServerCertificate, newKey } from "./issue-certificate.ts";
import { openServerTls } from "./open-server-tls.ts";

const dayMs = 24 * 3600 * 1000;

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "dorian-tls-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A server with a certificate for `names`, and the file of its authority. */
async function serving(options: { names?: readonly string[]; untilMs?: number } = {}) {
  const directory = await temporary();
  const authority = { name: "An authority", key: newKey() };
  const key = newKey();
  const now = Date.now();
  const paths = {
    certPath: join(directory, "cert.pem"),
    keyPath: join(directory, "key.pem"),
    authority: join(directory, "authority.pem"),
  };
  const { names = ["127.0.0.1"], untilMs = 90 * dayMs } = options;
  const validity = { from: now - 2 * dayMs, until: now + untilMs };
  await writeFile(paths.authority, issueAuthority(authority, { from: now - dayMs, until: now + dayMs }));
  await writeFile(paths.certPath, issueServerCertificate(authority, { names, key, validity }));
  await writeFile(paths.keyPath, key.export({ type: "pkcs8", format: "pem" }));
  const tls = await openServerTls({
    settings: { kind: "files", ...paths },
    dataDirectory: directory,
    dataDirectoryId: "dd-1",
    names: [],
    plaintextFromElsewhere: false,
    logger: pino({ level: "silent" }),
    nowMs: Date.now,
  });
  const server = await GrpcServer.listen({
    address: "127.0.0.1:0",
    tls,
    services: [
      mountService(OperatorService, {
        async tokenList() {
          return { tokens: [{ name: "x".repeat(300_000) }] };
        },
      }),
    ],
    authenticate: () => ({ identity: { kind: "client", tokenId: "ak-1" } }),
    onInternalError: () => undefined,
  });
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]();
    tls[Symbol.dispose]();
  });
  return { port: server.port, authority: paths.authority };
}

async function called(url: string, authority?: string): Promise<number> {
  using connection = new Connection({ url, authority, retryUnavailableMs: 5_000 });
  const { tokens } = await createClient(OperatorService, connection).tokenList({});
  return tokens[0]?.name.length ?? 0;
}

test("calls go over TLS to a server whose authority is trusted, and in plain text to the same port [B20]", async () => {
  const { port, authority } = await serving();
  expect(await called(`https://127.0.0.1:${port}`, authority)).toBe(300_000);
  expect(await called(`http://127.0.0.1:${port}`)).toBe(300_000);
});

test.each([
  [
    "of nobody that is trusted",
    {},
    "127.0.0.1",
    false,
    /unable to verify|self-signed/i,
    /NODE_EXTRA_CA_CERTS/,
  ],
  ["that has expired", { untilMs: -dayMs }, "127.0.0.1", true, /expired/, /renew/],
  [
    "for another name",
    { names: ["elsewhere.example"] },
    "127.0.0.1",
    true,
    /does not match|not in the cert/,
    /--public-host/,
  ],
] as const)(
  "a certificate %s is refused in words, at once, and no token is sent [B20]",
  async (_what, options, host, trusts, message, remedy) => {
    const { port, authority } = await serving(options);
    await expect(called(`https://${host}:${port}`, trusts ? authority : undefined)).rejects.toMatchObject({
      code: "SERVER_CERTIFICATE_REFUSED",
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(remedy) as string,
    });
  },
);

test("an authority's file that is missing is named", async () => {
  const { port } = await serving();
  await expect(called(`https://127.0.0.1:${port}`, "/nonexistent/authority.pem")).rejects.toThrow(
    /\/nonexistent\/authority\.pem/,
  );
});
