import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  BuildWorker,
  buildImage,
  CatalogServer,
  defineFunction,
  temporaryDirectory,
} from "../../../test/catalog-server.ts";

const create = { objectCreationType: 1 } as const;
const anonymous = { objectCreationType: 4 } as const;

test("a secret's values are nowhere on disk in the clear, and are never answered [B11]", async () => {
  const directory = await temporaryDirectory();
  const server = await CatalogServer.open(directory);
  const value = "hf_VERYSECRETVALUE";
  const response = await server.modal.secretGetOrCreate({
    ...create,
    deploymentName: "hub",
    envDict: { HF_TOKEN: value },
  });
  expect(JSON.stringify(response)).not.toContain(value);
  const found = await server.modal.secretGetOrCreate({ deploymentName: "hub", requiredKeys: ["HF_TOKEN"] });
  expect(found.secretId).toBe(response.secretId);
  await expect(
    server.modal.secretGetOrCreate({ deploymentName: "hub", requiredKeys: ["OTHER"] }),
  ).rejects.toMatchObject({ code: "SECRET_KEY_MISSING" });
  await server[Symbol.asyncDispose]();
  for (const name of ["state.db", "client.json", "server.key"]) {
    expect((await readFile(join(directory, name))).includes(value)).toBe(false);
  }
});

test("a redeploy finds the app's own secret again; a changed one and another app's are others", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const { appId } = await modal.appCreate({ description: "a" });
  const other = await modal.appCreate({ description: "b" });
  const secret = async (app: string, value: string) =>
    (await modal.secretGetOrCreate({ ...anonymous, appId: app, envDict: { TOKEN: value } })).secretId;
  const first = await secret(appId, "1");
  expect(await secret(appId, "1")).toBe(first);
  expect(await secret(appId, "2")).not.toBe(first);
  expect(await secret(other.appId, "1")).not.toBe(first);
});

test("a named secret is made once, or overwritten on purpose under the same id", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const named = { deploymentName: "hub", envDict: { A: "1" } };
  const { secretId } = await modal.secretGetOrCreate({ ...named, objectCreationType: 2 });
  await expect(modal.secretGetOrCreate({ ...named, objectCreationType: 2 })).rejects.toMatchObject({
    code: "SECRET_EXISTS",
  });
  const over = await modal.secretGetOrCreate({ ...named, envDict: { B: "2" }, objectCreationType: 3 });
  expect(over.secretId).toBe(secretId);
  await expect(modal.secretGetOrCreate({ deploymentName: "hub", requiredKeys: ["A"] })).rejects.toMatchObject(
    { code: "SECRET_KEY_MISSING" },
  );
  await expect(
    modal.secretGetOrCreate({ ...create, deploymentName: "bad", envDict: { "A=B": "1" } }),
  ).rejects.toMatchObject({ code: "SECRET_KEY_INVALID" });
});

test("secrets that are made at once are all on some page of the list", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
  await Promise.all(
    names.map((deploymentName) =>
      modal.secretGetOrCreate({ ...create, deploymentName, envDict: { A: "1" } }),
    ),
  );
  const listed: string[] = [];
  for (let createdBefore = Number.MAX_SAFE_INTEGER; ;) {
    const { items } = await modal.secretList({ pagination: { maxObjects: 3, createdBefore } });
    listed.push(...items.map(({ label }) => label));
    if (items.length < 3) break;
    createdBefore = items.at(-1)?.createdAt ?? 0;
  }
  expect(listed.toSorted()).toEqual(names.toSorted());
});

test("without the server's key a stored secret is unreadable, and says so", async () => {
  const directory = await temporaryDirectory();
  const first = await CatalogServer.open(directory);
  await first.modal.secretGetOrCreate({ ...create, deploymentName: "hub", envDict: { A: "1" } });
  await first[Symbol.asyncDispose]();
  await rm(join(directory, "server.key"));
  await using server = await CatalogServer.open(directory);
  expect((await server.modal.secretGetOrCreate({ deploymentName: "hub" })).secretId).toMatch(/^st-/);
});

test("a function names as many secrets as can be opened at a start, and the same one not without end [B11]", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  await using _worker = await BuildWorker.join(server);
  const { modal } = server;
  const { imageId } = await buildImage(modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  const { secretId } = await modal.secretGetOrCreate({
    ...create,
    deploymentName: "hub",
    envDict: { A: "1" },
  });
  const { appId } = await modal.appCreate({ description: "a" });
  const named = (count: number) =>
    defineFunction(modal, appId, {
      functionName: `f${count}`,
      imageId,
      secretIds: Array.from({ length: count }, () => secretId),
    });
  await expect(named(1_001)).rejects.toMatchObject({ code: "SECRETS_TOO_MANY" });
  await expect(named(1_000)).resolves.toBeDefined();
});
