import { AppState } from "@dorian/protocol/modal";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import { ModalClient } from "@dorian/protocol/modal";
import { expect, test } from "vitest";
import { CatalogServer, temporaryDirectory } from "../../../test/catalog-server.ts";

test("an environment keeps its objects when it gets another name, also after a restart", async () => {
  const directory = await temporaryDirectory();
  {
    await using server = await CatalogServer.open(directory);
    const { modal } = server;
    await modal.environmentCreate({ name: "dev" });
    await expect(modal.environmentCreate({ name: "dev" })).rejects.toMatchObject({
      status: "ALREADY_EXISTS",
    });
    await modal.secretGetOrCreate({ deploymentName: "s", environmentName: "dev", objectCreationType: 1 });
    const changed = await modal.environmentUpdate({ currentName: "dev", name: "test", webSuffix: "t" });
    expect(changed).toMatchObject({ name: "test", webhookSuffix: "t", default: false });
  }
  await using server = await CatalogServer.open(directory);
  const { modal } = server;
  expect((await modal.environmentList({})).items.map((each) => [each.name, each.default])).toEqual([
    ["main", true],
    ["test", false],
  ]);
  const { items, environmentName } = await modal.secretList({ environmentName: "test" });
  expect(items.map((secret) => secret.label)).toEqual(["s"]);
  expect(environmentName).toBe("test");
  // Somebody takes the name that is free again: nothing of the other is in it.
  await modal.environmentCreate({ name: "dev" });
  expect((await modal.secretList({ environmentName: "dev" })).items).toEqual([]);
  await expect(modal.environmentUpdate({ currentName: "dev", name: "test" })).rejects.toMatchObject({
    status: "ALREADY_EXISTS",
  });
});

test("what is in an environment goes with it, and the default one stays", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const { modal } = server;
  await modal.environmentCreate({ name: "dev" });
  const inDev = { deploymentName: "x", environmentName: "dev", objectCreationType: 1 };
  const { secretId } = await modal.secretGetOrCreate(inDev);
  const { volumeId } = await modal.volumeGetOrCreate(inDev);
  const { dictId } = await modal.dictGetOrCreate(inDev);
  const { queueId } = await modal.queueGetOrCreate(inDev);
  const { appId } = await modal.appGetOrCreate({
    appName: "x",
    environmentName: "dev",
    objectCreationType: 1,
  });
  await modal.environmentDelete({ name: "dev" });
  await expect(modal.environmentDelete({ name: "dev" })).rejects.toMatchObject({ status: "NOT_FOUND" });
  const gone = { status: "NOT_FOUND" };
  await expect(modal.secretGetInfo({ secretId })).rejects.toMatchObject(gone);
  await expect(modal.volumeGetById({ volumeId })).rejects.toMatchObject(gone);
  await expect(modal.dictLen({ dictId })).rejects.toMatchObject(gone);
  await expect(modal.queueLen({ queueId, total: true })).rejects.toMatchObject(gone);
  await expect
    .poll(async () => (await modal.appGetLifecycle({ appId })).lifecycle?.appState)
    .toBe(AppState.STOPPED);
  await expect(modal.environmentDelete({ name: "main" })).rejects.toMatchObject({
    code: "ENVIRONMENT_IS_DEFAULT",
  });
});

test("each client is told a builder version that it knows, and an environment may prescribe one", async () => {
  await using server = await CatalogServer.open(await temporaryDirectory());
  const modal = createLocalClient(ModalClient, server.plane.modal, { kind: "client", tokenId: "ak-test" });
  const told = async (clientVersion: string) =>
    (await modal.environmentGetOrCreate({}, { clientVersion })).metadata?.settings?.imageBuilderVersion;
  expect(await told("1.6.4")).toBe("2025.06");
  expect(await told("1.0.5")).toBe("2024.10");
  expect((await modal.clientHello({}, { clientVersion: "0.64.57" })).imageBuilderVersion).toBe("2024.04");
  await modal.environmentUpdate({ currentName: "main", imageBuilderVersion: "2024.10" });
  expect(await told("1.6.4")).toBe("2024.10");
  await expect(
    modal.environmentUpdate({ currentName: "main", imageBuilderVersion: "2020.01" }),
  ).rejects.toMatchObject({ code: "IMAGE_BUILDER_VERSION_UNKNOWN" });
});
