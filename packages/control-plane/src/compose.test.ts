import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { ModalClient } from "@dorian/protocol/modal";
import { WorkerService } from "@dorian/protocol/worker";
import { expect, test, vi } from "vitest";
import { CatalogServer, temporaryDirectory } from "../test/catalog-server.ts";
import type { ClientFile } from "./access/token/client-file.ts";

async function openWithFile() {
  const server = await CatalogServer.open(await temporaryDirectory());
  const text = await readFile(join(server.dataDirectory, "client.json"), "utf8");
  return {
    server,
    file: JSON.parse(text) as ClientFile,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

test("the server listens at the address in its client file and lets in who has its token", async () => {
  await using open = await openWithFile();
  const { file } = open;
  using connection = new Connection({
    url: file.url,
    metadata: { "x-modal-token-id": file.tokenId, "x-modal-token-secret": file.tokenSecret },
  });
  const modal = createClient(ModalClient, connection);
  expect((await modal.environmentGetOrCreate({})).metadata?.name).toBe("main");
  const { volumeId } = await modal.volumeGetOrCreate({ deploymentName: "v", objectCreationType: 1 });
  expect(volumeId).toMatch(/^vo-[0-9A-Za-z]{22}$/);
  using wrong = new Connection({
    url: file.url,
    metadata: { "x-modal-token-id": file.tokenId, "x-modal-token-secret": "guess" },
  });
  await expect(createClient(ModalClient, wrong).clientHello({})).rejects.toMatchObject({
    code: "TOKEN_INVALID",
    status: "UNAUTHENTICATED",
    remedy: expect.stringContaining("dorian token new"),
  });
});

test("a worker's token opens the worker's calls and those of its tasks, and no others", async () => {
  await using open = await openWithFile();
  const { server, file } = open;
  const { volumeId } = await server.modal.volumeGetOrCreate({ deploymentName: "v", objectCreationType: 1 });
  using connection = new Connection({
    url: file.url,
    metadata: { "dorian-worker-token": file.workerToken },
  });
  expect((await createClient(WorkerService, connection).volumeHead({ volumeId })).version).toBe(0n);
  const asWorker = createClient(ModalClient, connection);
  await expect(asWorker.appCreate({})).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  const task = connection.with({ "dorian-task-id": "ta-0123456789012345678901" });
  // A container that is over, or never was, gets at nothing but what is its own.
  await createClient(ModalClient, task).blobCreate({ contentLength: 1n });
  await expect(createClient(ModalClient, task).volumeList({})).rejects.toMatchObject({
    code: "TASK_RESTRICTED",
  });
  await expect(createClient(WorkerService, task).volumeHead({ volumeId })).rejects.toMatchObject({
    code: "PERMISSION_DENIED",
  });
});

test.each<[string, (path: string) => Promise<void>]>([
  ["removed", (path) => rm(path)],
  ["filled with something else", (path) => writeFile(path, "garbage{")],
])("a client file that is %s is put there again, and clients come in", async (_what, meddle) => {
  await using open = await openWithFile();
  const { server, file } = open;
  const path = join(server.dataDirectory, "client.json");
  await meddle(path);
  await vi.waitFor(async () => expect(JSON.parse(await readFile(path, "utf8"))).toEqual(file), 10_000);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("a worker's socket that is removed is there again, and who was connected stays so", async () => {
  await using open = await openWithFile();
  const { server, file } = open;
  const path = join(server.dataDirectory, "worker.sock");
  const { volumeId } = await server.modal.volumeGetOrCreate({ deploymentName: "v", objectCreationType: 1 });
  const connect = () =>
    new Connection({ url: `unix://${path}`, metadata: { "dorian-worker-token": file.workerToken } });
  const head = async (connection: Connection) =>
    (await createClient(WorkerService, connection).volumeHead({ volumeId })).version;
  using before = connect();
  expect(await head(before)).toBe(0n);
  await rm(path);
  await vi.waitFor(() => stat(path), 10_000);
  using after = connect();
  expect(await head(after)).toBe(0n);
  expect(await head(before)).toBe(0n);
});

test("a server whose data directory was moved away puts nothing into what stands there now", async () => {
  const directory = join(await temporaryDirectory(), "data");
  const onStorageBroken = vi.fn<() => void>();
  await using _server = await CatalogServer.open(directory, { onStorageBroken });
  await rename(directory, `${directory}-moved`);
  await mkdir(directory);
  await vi.waitFor(() => expect(onStorageBroken).toHaveBeenCalled(), 10_000);
  expect(await readdir(directory)).toEqual([]);
});

test("a second server on the data directory is refused and leaves the first one alone", async () => {
  await using open = await openWithFile();
  const { server } = open;
  await expect(CatalogServer.open(server.dataDirectory)).rejects.toMatchObject({ code: "DATABASE_IN_USE" });
  expect((await server.modal.clientHello({})).imageBuilderVersion).toBe("2025.06");
});
