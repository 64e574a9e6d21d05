import { AppError } from "@dorian/base/app-error";
import { ObjectCreationType } from "@dorian/protocol/modal";
import { expect, onTestFinished, test } from "vitest";
import { ScriptedServer, type Script } from "@dorian/testkit/scripted-server";
import { setTransport, transport } from "../client/current-transport.ts";
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
