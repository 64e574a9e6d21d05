import { AppError } from "@dorian/base/app-error";
import { ObjectCreationType } from "@dorian/protocol/modal";
import { expect, onTestFinished, test } from "vitest";
import { ScriptedServer, type Script } from "@dorian/testkit/scripted-server";
import { setTransport, transport } from "../client/current-transport.ts";
import { openServerOfThisProcess } from "../../test/server-of-this-process.ts";
import { checkVolumeMounts } from "./mount-paths.ts";
import { Volume } from "./volume.ts";

test("commit() and reload() are for containers [L2]", async () => {
  await ScriptedServer.open({});
  const volume = Volume.fromName("weights");
  for (const call of [volume.commit(), volume.reload()]) {
    await expect(call).rejects.toMatchObject({ code: "NOT_IN_CONTAINER" });
  }
});

test("a volume's name is checked where it is written", () => {
  expect(() => Volume.fromName("a/b")).toThrow(expect.objectContaining({ code: "NAME_INVALID" }));
});

async function inContainer(script: Script): Promise<string[]> {
  const calls: string[] = [];
  await ScriptedServer.open({
    volumeGetOrCreate: async () => ({ volumeId: "vo-1" }),
    async volumeReload({ volumeId }) {
      calls.push(`reload ${volumeId}`);
      return {};
    },
    ...script,
    async volumeCommit(request, context) {
      calls.push(`commit ${request.volumeId}`);
      return (await script.volumeCommit?.(request, context)) ?? {};
    },
  });
  setTransport({ ...(await transport()), inContainer: true });
  onTestFinished(() => setTransport(undefined));
  return calls;
}

test("after a commit the view is refreshed, unless the server has done it [L3]", async () => {
  const calls = await inContainer({ volumeCommit: async () => ({ skipReload: calls.length > 2 }) });
  const volume = Volume.fromName("weights");
  await volume.commit();
  expect(calls).toEqual(["commit vo-1", "reload vo-1"]);
  await volume.commit();
  expect(calls.slice(2)).toEqual(["commit vo-1"]);
});

test("a volume is looked up once, made when it may be, and again after a failure", async () => {
  const asked: ObjectCreationType[] = [];
  const calls = await inContainer({
    async volumeGetOrCreate({ objectCreationType }) {
      asked.push(objectCreationType);
      if (asked.length > 1) return { volumeId: "vo-2" };
      throw new AppError("VOLUME_NOT_FOUND", "There is none.", { status: "NOT_FOUND", remedy: "Make it." });
    },
  });
  const volume = Volume.fromName("weights", { createIfMissing: true });
  await expect(volume.reload()).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
  await volume.reload();
  await volume.reload();
  expect(asked).toEqual([ObjectCreationType.CREATE_IF_MISSING, ObjectCreationType.CREATE_IF_MISSING]);
  expect(calls).toEqual(["reload vo-2", "reload vo-2"]);
});

test("a volume's files are put, listed, read, copied and removed without a mount [O5, U2]", async () => {
  await using server = await openServerOfThisProcess();
  setTransport({ url: "", modal: server.modal, inContainer: false });
  onTestFinished(() => setTransport(undefined));
  const volume = Volume.fromName("tree", { createIfMissing: true });
  const listed = async (path?: string) => {
    const paths: string[] = [];
    for await (const entry of volume.listFiles(path, { recursive: true }))
      if (entry.type === "file") paths.push(entry.path);
    return paths.toSorted();
  };
  await volume.batchUpload((batch) => {
    batch.putFile(Buffer.from("one"), "/a/one");
    batch.putFile(Buffer.from("two"), "/two");
  });
  expect(await listed()).toEqual(["a/one", "two"]);
  expect(await listed("/a")).toEqual(["a/one"]);
  await volume.copyFiles(["/a"], "/b", { recursive: true });
  await volume.copyFiles(["/two", "/a/one"], "/b");
  expect(await listed("/b")).toEqual(["b/one", "b/two"]);
  expect(Buffer.from(await volume.readFile("b/one")).toString()).toBe("one");
  const pieces: Uint8Array[] = [];
  for await (const piece of volume.readPieces("two")) pieces.push(piece);
  expect(Buffer.concat(pieces).toString()).toBe("two");
  await expect(volume.removeFile("/b")).rejects.toMatchObject({ code: "PATH_IS_A_DIRECTORY" });
  await volume.removeFile("/b", { recursive: true });
  expect(await listed()).toEqual(["a/one", "two"]);
  await expect(volume.readFile("b/two")).rejects.toMatchObject({ code: "VOLUME_PATH_NOT_FOUND" });
});

test("volumes are renamed, listed and deleted by their names, in the environment that is meant [J6]", async () => {
  await using server = await openServerOfThisProcess();
  setTransport({ url: "", modal: server.modal, inContainer: false });
  onTestFinished(() => setTransport(undefined));
  await server.modal.environmentCreate({ name: "staging" });
  const environment = "staging";
  const id = await Volume.fromName("old", { createIfMissing: true, environment }).id();
  await Volume.fromName("other", { createIfMissing: true }).id();
  await Volume.rename("old", "new", { environment });
  expect(await Volume.fromName("new", { environment }).id()).toBe(id);
  expect((await Volume.list({ environment })).map(({ name }) => name)).toEqual(["new"]);
  await expect(Volume.fromName("new").id()).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
  await Volume.delete("new", { environment });
  await expect(Volume.delete("new", { environment })).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
  await Volume.delete("new", { environment, allowMissing: true });
  expect((await Volume.list()).map(({ name }) => name)).toEqual(["other"]);
});

test("a volume without a name is gone when it is disposed of [J7]", async () => {
  await using server = await openServerOfThisProcess();
  setTransport({ url: "", modal: server.modal, inContainer: false });
  onTestFinished(() => setTransport(undefined));
  let volumeId: string;
  {
    await using volume = await Volume.ephemeral();
    volumeId = await volume.id();
    await volume.batchUpload((batch) => batch.putFile(Buffer.from("x"), "/x"));
    expect(Buffer.from(await Volume.fromId(volumeId).readFile("x")).toString()).toBe("x");
    expect(await Volume.list()).toEqual([]);
  }
  await expect(Volume.fromId(volumeId).readFile("x")).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
});

test("one volume is mounted once, however it is mounted; volumes of one name in two environments are two [K3, K7]", () => {
  const volume = Volume.fromName("weights");
  const mounts = (a: Volume, b: Volume) => () => checkVolumeMounts("Function", { "/a": a, "/b": b });
  const twice = expect.objectContaining({ code: "VOLUME_MOUNTED_TWICE" });
  expect(mounts(volume, volume.withMountOptions({ readOnly: true }))).toThrow(twice);
  expect(
    mounts(volume.withMountOptions({ subPath: "a" }), volume.withMountOptions({ subPath: "b" })),
  ).toThrow(twice);
  expect(mounts(volume, Volume.fromName("weights", { environment: "staging" }))).not.toThrow();
  expect(mounts(Volume.fromId("vo-1"), Volume.fromId("vo-2"))).not.toThrow();
  expect(volume.withMountOptions({ readOnly: true }).withMountOptions({ subPath: "a" }).mountOptions).toEqual(
    {
      readOnly: true,
      subPath: "a",
    },
  );
  for (const subPath of ["..", "a/../../b", "a\0"])
    expect(() => volume.withMountOptions({ subPath })).toThrow(
      expect.objectContaining({ code: "VOLUME_PATH_INVALID" }),
    );
});
