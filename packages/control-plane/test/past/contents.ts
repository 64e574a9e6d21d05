// What is read of a kept database through the server that opened it: what life.ts left there.
import { createHash } from "node:crypto";
import { AppState, DeploymentNamespace, ObjectCreationType } from "@dorian/protocol/modal";
import { publishApp } from "../catalog-server.ts";
import { outputOf, valueOf } from "../scripted-caller.ts";
import type { Content } from "./content.ts";
import { bytes } from "./life.ts";

const codeSha256 = createHash("sha256").update("export {}").digest("hex");
const text = (value: Uint8Array | undefined) => Buffer.from(value ?? []).toString();

/** In the order in which they are read: some of it changes what is there. */
export const contents: Content[] = [
  {
    tables: ["app"],
    read: async ({ modal }) => (await modal.appList({})).apps.map(({ name, state }) => [name, state]),
    is: [["trainer", AppState.DEPLOYED]],
  },
  {
    tables: ["function"],
    read: async ({ modal, was }) => {
      const { functionId } = await modal.functionGet({ appName: "trainer", objectTag: "double" });
      return functionId === was("select function_id from function where tag = 'double'");
    },
    is: true,
  },
  {
    tables: ["class"],
    read: async ({ modal, was }) =>
      (await modal.classGet({ appName: "trainer", objectTag: "Model" })).classId ===
      was("select class_id from class"),
    is: true,
  },
  {
    tables: ["secret"],
    read: async ({ modal }) => (await modal.secretList({})).items.map(({ label }) => label),
    is: ["hub"],
  },
  {
    tables: ["volume", "volume_version"],
    read: async ({ modal, server }) => {
      const { volumeId } = await modal.volumeGetOrCreate({ deploymentName: "weights" });
      return (await server.operator.volumeVersions({ volumeId })).items.map(({ version }) => Number(version));
    },
    is: [0, 1],
  },
  {
    tables: ["image", "image_log"],
    read: async ({ modal, was }) => {
      const { imageId } = await modal.imageFromId({ imageId: was("select image_id from image") });
      const lines: string[] = [];
      const request = { imageId, timeout: 1, lastEntryId: "", includeLogsForFinished: true };
      for await (const { taskLogs } of modal.imageJoinStreaming(request))
        lines.push(...taskLogs.map(({ data }) => data));
      return lines;
    },
    is: ["pulling\n"],
  },
  {
    tables: ["blob"],
    read: async ({ modal, was }) =>
      (await modal.blobGet({ blobId: was("select blob_id from blob") })).downloadUrl !== "",
    is: true,
  },
  {
    tables: ["idempotency"],
    read: async ({ modal, was }) => {
      const { appId } = await modal.appCreate({ description: "trainer" }, { idempotencyKey: "app-1" });
      return appId === was("select app_id from app");
    },
    is: true,
  },
  {
    tables: ["mount"],
    read: async ({ modal, was }) => {
      // What a client asks that has the files.
      const { mountId } = await modal.mountGetOrCreate({
        objectCreationType: ObjectCreationType.EPHEMERAL,
        files: [{ filename: "/root/app.mjs", sha256Hex: codeSha256 }],
      });
      return mountId === was("select mount_id from mount");
    },
    is: true,
  },
  {
    tables: ["function_call", "call_input", "data_chunk"],
    read: async ({ modal, was }) => {
      const functionCallId = was("select call_id from call_input where finished_at is not null");
      const yielded: string[] = [];
      const callInfoOneof = { case: "functionCallId" as const, value: functionCallId };
      for await (const { dataOneof } of modal.functionCallGetDataOut({ callInfoOneof })) {
        yielded.push(dataOneof.case === "data" ? text(dataOneof.value) : "");
        if (yielded.length === 2) break;
      }
      return [...yielded, valueOf(await outputOf(modal, functionCallId))];
    },
    is: ["20", "21", 42],
  },
  {
    tables: ["task"],
    read: async ({ server, was }) => {
      const { functionTag, phases } = await server.operator.taskTimeline({
        taskId: was("select task_id from task"),
      });
      return [functionTag, ...phases.map(({ name }) => name)];
    },
    is: ["double", "queue", "place", "image", "mount", "boot", "enter", "first call"],
  },
  {
    tables: ["memory_snapshot"],
    read: async ({ server }) =>
      (await server.operator.snapshotList({})).snapshots.map(({ tag, bytes, tookMs }) => [
        tag,
        bytes,
        tookMs,
      ]),
    is: [["double", 5n, 7]],
  },
  {
    tables: ["task_log"],
    read: async ({ modal, was }) => {
      const lines: string[] = [];
      const request = { appId: was("select app_id from app"), timeout: 0, fileDescriptor: 1 };
      for await (const { items } of modal.appGetLogs(request)) lines.push(...items.map(({ data }) => data));
      return lines;
    },
    is: ["doubling\n"],
  },
  {
    tables: ["named_object", "dict_entry", "recent_answer"],
    read: async ({ modal }) => {
      const { dictId } = await modal.dictGetOrCreate({ deploymentName: "state" });
      const updates = [{ key: bytes("k"), value: bytes("of the repeated call") }];
      await modal.dictUpdate({ dictId, updates }, { idempotencyKey: "update-1" });
      return text((await modal.dictGet({ dictId, key: bytes("k") })).value);
    },
    is: "v",
  },
  {
    tables: ["named_object", "queue_item"],
    read: async ({ modal }) => {
      const { queueId } = await modal.queueGetOrCreate({ deploymentName: "jobs" });
      return (await modal.queueGet({ queueId, nValues: 5 })).values.map(text);
    },
    is: ["1", "2"],
  },
  {
    tables: ["environment", "token"],
    read: async ({ modal }) => (await modal.environmentList({})).items.map(({ name }) => name).toSorted(),
    is: ["main", "staging"],
  },
  {
    tables: ["token"],
    read: async ({ server }) =>
      (await server.operator.tokenList({})).tokens.some(({ name }) => name === "laptop"),
    is: true,
  },
  {
    tables: ["mount_name"],
    read: async ({ modal, was }) => {
      const name = { deploymentName: "code", namespace: DeploymentNamespace.WORKSPACE };
      return (await modal.mountGetOrCreate(name)).mountId === was("select mount_id from mount");
    },
    is: true,
  },
  {
    tables: ["image_tag"],
    read: async ({ modal, was }) =>
      (await modal.imageGetByTag({ tag: "base:latest" })).imageId === was("select image_id from image"),
    is: true,
  },
  {
    tables: ["web_address"],
    read: async ({ modal, was }) => {
      const { handleMetadata } = await modal.functionGet({ appName: "trainer", objectTag: "page" });
      return new URL(handleMetadata?.webUrl ?? "").port === was("select port from web_address");
    },
    is: true,
  },
  {
    tables: ["proxy_token"],
    read: async ({ modal }) => (await modal.webhookTokenList({})).tokens.map(({ name }) => name),
    is: ["web"],
  },
  {
    tables: ["audit_entry"],
    read: async ({ modal }) => {
      const { items } = await modal.auditLogList({ q: "", oldestMs: 0n, newestMs: 0n });
      return items.some(({ action }) => action === "image.publish");
    },
    is: true,
  },
  {
    tables: ["app_version", "function_definition"],
    read: async ({ modal, was }) => {
      const appId = was("select app_id from app");
      await publishApp(modal, { appId, name: "trainer" }, []);
      await modal.appRollback({ appId, version: 1 });
      const { functionId } = await modal.functionGet({ appName: "trainer", objectTag: "double" });
      const { appDeploymentHistories: all } = await modal.appDeploymentHistory({ appId });
      return [
        functionId === was("select function_id from function where tag = 'double'"),
        ...all.map(({ version }) => version),
      ];
    },
    is: [true, 3, 2, 1],
  },
];
