import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { CatalogServer, temporaryDirectory } from "../../../test/catalog-server.ts";

const md5 = (content: string | Buffer) => createHash("md5").update(content).digest("hex");

test("a blob is sent in parts, completed and fetched as the clients do it", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const content = "payload";
  const created = await modal.blobCreate({ contentLength: BigInt(content.length) });
  expect(created.blobIds).toEqual([created.blobId]);
  const upload = created.uploadTypeOneof.case === "multipart" ? created.uploadTypeOneof.value : undefined;
  expect(upload?.uploadUrls).toHaveLength(1);
  await expect(modal.blobGet({ blobId: created.blobId })).rejects.toMatchObject({ code: "BLOB_INCOMPLETE" });
  const sent = await fetch(upload?.uploadUrls[0] ?? "", { method: "PUT", body: content });
  expect([sent.status, sent.headers.get("etag")]).toEqual([200, `"${md5(content)}"`]);
  const completed = await fetch(upload?.completionUrl ?? "", { method: "POST", body: "<x/>" });
  expect(await completed.text()).toContain(`${md5(Buffer.from(md5(content), "hex"))}-1`);
  const { downloadUrl } = await modal.blobGet({ blobId: created.blobId });
  expect(await (await fetch(downloadUrl)).text()).toBe(content);
  const sha256Hex = createHash("sha256").update(content).digest("hex");
  const put = await modal.mountPutFile({
    sha256Hex,
    dataOneof: { case: "dataBlobId", value: created.blobId },
  });
  expect(put.exists).toBe(true);
});

test("an address that was changed, or of another blob, is refused", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { uploadTypeOneof } = await server.modal.blobCreate({ contentLength: 1n });
  const url = uploadTypeOneof.case === "multipart" ? (uploadTypeOneof.value.uploadUrls[0] ?? "") : "";
  const other = await server.modal.blobCreate({ contentLength: 1n });
  const moved = url.replace(/bl-[^/]+/, other.blobId);
  expect((await fetch(moved, { method: "PUT", body: "x" })).status).toBe(403);
  expect((await fetch(url, { method: "GET" })).status).toBe(403);
  expect((await fetch(new URL("/nothing", url))).status).toBe(404);
});

test("signed addresses expire", async () => {
  let now = Date.now();
  await using server = await CatalogServer.open(await temporaryDirectory(), { nowMs: () => now });
  const { uploadTypeOneof } = await server.modal.blobCreate({ contentLength: 1n });
  now += 25 * 3_600_000;
  const url = uploadTypeOneof.case === "multipart" ? (uploadTypeOneof.value.uploadUrls[0] ?? "") : "";
  const answer = await fetch(url, { method: "PUT", body: "x" });
  expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining("has expired")]);
});

test("a completion whose answer got lost is answered again as it was, by the next server as well", async () => {
  const directory = await temporaryDirectory();
  const parts = [Buffer.alloc(64 * 1024 ** 2, "a"), Buffer.from("end")];
  const content = Buffer.concat(parts);
  let blobId = "";
  const answers: [number, string][] = [];
  const complete = async (url = "") => {
    const answer = await fetch(url, { method: "POST", body: "<x/>" });
    answers.push([answer.status, await answer.text()]);
  };
  let completionPath = "";
  {
    await using server = await CatalogServer.open(directory);
    const created = await server.modal.blobCreate({ contentLength: BigInt(content.length) });
    blobId = created.blobId;
    const upload = created.uploadTypeOneof.case === "multipart" ? created.uploadTypeOneof.value : undefined;
    for (const [index, url] of (upload?.uploadUrls ?? []).entries())
      await fetch(url, { method: "PUT", body: new Uint8Array(parts[index] ?? []) });
    const { pathname, search } = new URL(upload?.completionUrl ?? "");
    completionPath = pathname + search;
    await complete(upload?.completionUrl);
    await complete(upload?.completionUrl);
  }
  await using server = await CatalogServer.open(directory);
  const { downloadUrl } = await server.modal.blobGet({ blobId });
  await complete(new URL(completionPath, downloadUrl).href);
  const digests = parts.map((part) => Buffer.from(md5(part), "hex"));
  const expected = [200, expect.stringContaining(`"${md5(Buffer.concat(digests))}-2"`)];
  expect(answers).toEqual([expected, expected, expected]);
  expect(Buffer.from(await (await fetch(downloadUrl)).arrayBuffer()).equals(content)).toBe(true);
});

test("a blob whose parts are not all there is not completed, and its parts may be sent again", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const parts = [Buffer.alloc(64 * 1024 ** 2, "a"), Buffer.alloc(64 * 1024 ** 2, "b"), Buffer.from("end")];
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const { blobId, uploadTypesOneof } = await modal.blobCreate({ contentLength: BigInt(size) });
  const [upload] = uploadTypesOneof.case === "multiparts" ? uploadTypesOneof.value.items : [];
  const urls = upload?.uploadUrls ?? [];
  expect([urls.length, upload?.partLength]).toEqual([3, BigInt(64 * 1024 ** 2)]);
  const send = async (index: number) => {
    const body = new Uint8Array(parts[index] ?? []);
    return (await fetch(urls[index] ?? "", { method: "PUT", body })).headers.get("etag");
  };
  const complete = () => fetch(upload?.completionUrl ?? "", { method: "POST", body: "<x/>" });
  await Promise.all([send(0), send(1)]);
  expect((await complete()).status).toBe(412);
  expect(await send(2)).toBe(`"${md5("end")}"`);
  await send(0);
  const answer = await complete();
  const digests = parts.map((part) => Buffer.from(md5(part), "hex"));
  expect([answer.status, await answer.text()]).toEqual([
    200,
    expect.stringContaining(`${md5(Buffer.concat(digests))}-3`),
  ]);
  const { downloadUrl } = await modal.blobGet({ blobId });
  expect(Buffer.from(await (await fetch(downloadUrl)).arrayBuffer()).equals(Buffer.concat(parts))).toBe(true);
  const ranged = await fetch(downloadUrl, { headers: { range: `bytes=${size - 4}-` } });
  expect([ranged.status, await ranged.text()]).toEqual([206, "bend"]);
});
