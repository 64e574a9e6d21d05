import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { TaskCommandRouter } from "@dorian/protocol/task-command-router";
import { request } from "node:http";
import { once } from "node:events";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { CatalogServer, temporaryDirectory } from "../../../test/catalog-server.ts";
import { CommandTokens } from "./command-token.ts";
import { openServerKeys } from "../keys/server-keys.ts";

let server: CatalogServer;

beforeEach(async () => {
  server = await CatalogServer.open(await temporaryDirectory());
  onTestFinished(() => server[Symbol.asyncDispose]());
});

async function holderOf(name: string, options: { validSecs?: number } = {}) {
  const { token, tokenSecret } = await server.operator.tokenCreate({ name, ...options });
  const tokenId = token?.tokenId ?? "";
  const connection = connect({ "x-modal-token-id": tokenId, "x-modal-token-secret": tokenSecret });
  return {
    tokenId,
    modal: createClient(ModalClient, connection),
    operator: createClient(OperatorService, connection),
  };
}

function connect(metadata: Record<string, string>): Connection {
  const connection = new Connection({ url: server.plane.url, metadata });
  onTestFinished(() => connection[Symbol.dispose]());
  return connection;
}

/** How everything ends that is under way, and what a token gave out before. */
async function underWay({ modal }: Pick<Awaited<ReturnType<typeof holderOf>>, "modal">) {
  const { appId } = await modal.appCreate({ description: "run", appState: 1 });
  const { uploadTypeOneof } = await modal.blobCreate({ contentLength: 4n });
  const upload = uploadTypeOneof.case === "multipart" ? (uploadTypeOneof.value.uploadUrls[0] ?? "") : "";
  const logs = (async () => {
    for await (const batch of modal.appGetLogs({ appId, timeout: 55 })) void batch;
  })();
  const half = request(upload, { method: "PUT", headers: { "content-length": 4 } });
  half.write("ab");
  await Promise.all([once(half, "socket"), modal.appList({})]);
  const answered = once(half, "response").then(
    ([response]) => (response as { statusCode: number }).statusCode,
  );
  return {
    upload,
    ends: Promise.all([
      logs.then(
        () => "ended well",
        (error: unknown) => error,
      ),
      answered,
    ]),
  };
}

test("what is under way with a token ends when it is revoked, and what it gave out lets nobody in [B12]", async () => {
  const laptop = await holderOf("laptop");
  const { ends, upload } = await underWay(laptop);
  const proxy = await laptop.modal.webhookTokenCreate({ name: "web" });
  expect((await server.modal.webhookTokenList({})).tokens).toHaveLength(1);
  await server.operator.tokenRevoke({ token: "laptop" });
  const [logs, half] = await ends;
  expect(logs).toMatchObject({ code: "TOKEN_REVOKED", status: "UNAUTHENTICATED" });
  expect(half).toBe(401);
  const late = await fetch(upload, { method: "PUT", body: "abcd" });
  expect([late.status, await late.text()]).toEqual([403, expect.stringContaining("has ended")]);
  expect((await server.modal.webhookTokenList({})).tokens).toEqual([]);
  await expect(server.modal.webhookTokenUpdate({ tokenId: proxy.tokenId })).rejects.toMatchObject({
    status: "NOT_FOUND",
  });
});

test("what is under way with a token ends when it expires, and its holder is told so [B12]", async () => {
  const brief = await holderOf("brief", { validSecs: 1 });
  const { ends, upload } = await underWay(brief);
  const [logs, half] = await ends;
  expect(logs).toMatchObject({ code: "TOKEN_EXPIRED", status: "UNAUTHENTICATED" });
  expect(half).toBe(401);
  expect((await fetch(upload, { method: "PUT", body: "abcd" })).status).toBe(403);
  await expect(brief.modal.appList({})).rejects.toMatchObject({
    code: "TOKEN_EXPIRED",
    message: expect.stringContaining('"brief" has expired on 2') as unknown,
  });
});

test("a token for commands ends with the token it came from [B12]", async () => {
  const laptop = await holderOf("laptop");
  const { tokens } = await openServerKeys(server.dataDirectory);
  const commandTokens = new CommandTokens({ key: tokens, nowMs: Date.now });
  const taskId = "ta-0123456789012345678901";
  const jwt = commandTokens.mint({ taskId, tokenId: laptop.tokenId });
  const router = createClient(TaskCommandRouter, connect({ authorization: `Bearer ${jwt}` }));
  const poll = () => router.taskExecPoll({ taskId, execId: "ex-0123456789012345678901" });
  await expect(poll()).rejects.toMatchObject({ code: "EXEC_NOT_FOUND" });
  await server.operator.tokenRevoke({ token: "laptop" });
  await expect(poll()).rejects.toMatchObject({ status: "UNAUTHENTICATED" });
});

test("an address has one spelling: parameters given twice, or a path told otherwise, open nothing [B12]", async () => {
  const { uploadTypeOneof } = await server.modal.blobCreate({ contentLength: 4n });
  const url = uploadTypeOneof.case === "multipart" ? (uploadTypeOneof.value.uploadUrls[0] ?? "") : "";
  const put = async (address: string): Promise<number> => {
    const { hostname, port, pathname } = new URL(url);
    const path = address.slice(address.indexOf(pathname.slice(0, 7)));
    const sent = request({ host: hostname, port, path, method: "PUT" });
    sent.end("abcd");
    const [response] = (await once(sent, "response")) as [{ statusCode: number; resume(): void }];
    response.resume();
    return response.statusCode;
  };
  for (const odd of [
    `${url}&expires=9`,
    `${url}&signature=AAAA`,
    `${url}&for=${"x".repeat(10)}`,
    `${url}&x=1`,
    url.replace("expires=1", "expires=2"),
    url.replace("/0?", "/./0?"),
    url.replace("/0?", "/%30?"),
    url.replace("/0?", "/1?"),
  ])
    expect([odd, [400, 403].includes(await put(odd))]).toEqual([odd, true]);
  expect(await put(url)).toBe(200);
});

test("tokens that a token has made end with it, and so on, unless they are to be kept [B12]", async () => {
  const names = async () => (await server.operator.tokenList({})).tokens.map(({ name }) => name);
  const laptop = await holderOf("laptop");
  const phone = await laptop.operator.tokenCreate({ name: "phone" });
  expect(phone.token).toMatchObject({ createdBy: "laptop" });
  const { made } = await server.operator.tokenRevoke({ token: "laptop" });
  expect(made.map(({ name }) => name)).toEqual(["phone"]);
  expect(await names()).toEqual(["operator"]);

  const desk = await holderOf("desk");
  await desk.operator.tokenCreate({ name: "colleague" });
  await server.operator.tokenRevoke({ token: "desk", keepMade: true });
  expect(await names()).toEqual(["operator", "colleague"]);
});
