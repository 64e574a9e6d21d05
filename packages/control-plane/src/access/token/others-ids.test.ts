import { create, toBinary, type DescField, type DescMessage, type DescMethod } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import { ModalClient, ObjectCreationType } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { methodEntries, type Identity } from "@dorian/protocol/service";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setImmediate as nextTurn } from "node:timers/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  BuildWorker,
  buildImage,
  CatalogServer,
  defineFunction,
  publishApp,
  type ModalCaller,
} from "../../../test/catalog-server.ts";
import { modalPermissions } from "../permission/modal-permissions.ts";
import { operatorPermissions } from "../permission/own-permissions.ts";

/** Everything of somebody, by the names of the fields that name it. */
type Belongings = Record<string, string>;

let directory: string;
let server: CatalogServer;
let worker: BuildWorker;
let theirs: Belongings;
let mine: Belongings;
let restricted: Belongings;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "dorian-ids-"));
  server = await CatalogServer.open(directory);
  worker = await BuildWorker.join(server);
  await server.modal.environmentCreate({ name: "ci" });
  theirs = await belongings(server.modal, "main", {});
  mine = await belongings(server.modal, "ci", {});
  restricted = await belongings(server.modal, "ci", { untrusted: true });
});

afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function belongings(
  modal: ModalCaller,
  environmentName: string,
  { untrusted = false }: { untrusted?: boolean },
): Promise<Belongings> {
  const { imageId } = await buildImage(modal, { dockerfileCommands: ["FROM debian:bookworm-slim"] });
  const name = `theirs-${untrusted ? "restricted" : "plain"}`;
  const { appId } = await modal.appCreate({ description: name, environmentName });
  const defined = await defineFunction(modal, appId, { functionName: "work", imageId, untrusted });
  await publishApp(modal, { appId, name }, [defined]);
  const creation = {
    environmentName,
    deploymentName: name,
    objectCreationType: ObjectCreationType.CREATE_IF_MISSING,
  };
  const { volumeId } = await modal.volumeGetOrCreate(creation);
  const { dictId } = await modal.dictGetOrCreate(creation);
  const { queueId } = await modal.queueGetOrCreate(creation);
  const { secretId } = await modal.secretGetOrCreate({ ...creation, envDict: { A: "value" } });
  const { environmentId } = await modal.environmentGetOrCreate({ deploymentName: environmentName });
  const { tokenId } = await modal.webhookTokenCreate({ name });
  const { sandboxId } = await modal.sandboxCreate({
    appId,
    definition: { imageId, entrypointArgs: ["sleep", "60"] },
  });
  const held = await worker.hold(modal, defined.functionId);
  const task = server.asTask(held.taskId);
  const { blobId } = await task.blobCreate({ contentLength: 1n });
  return {
    environmentName,
    name,
    appId,
    functionId: defined.functionId,
    volumeId,
    dictId,
    queueId,
    secretId,
    environmentId,
    tokenId,
    blobId,
    imageId,
    sandboxId,
    ...held,
  };
}

/** A request that names what is somebody's in every field that can hold a name. */
function requestOf(desc: DescMessage, whose: Belongings, depth = 0): Record<string, unknown> {
  const request: Record<string, unknown> = {};
  for (const field of desc.fields) {
    const value = valueFor(field, whose, depth);
    if (value === undefined) continue;
    if (field.oneof) request[field.oneof.localName] = { case: field.localName, value };
    else request[field.localName] = value;
  }
  return request;
}

function valueFor(field: DescField, whose: Belongings, depth: number): unknown {
  if (field.fieldKind === "message" && depth < 2 && !field.message.typeName.startsWith("google."))
    return requestOf(field.message, whose, depth + 1);
  if (field.fieldKind === "list" && field.listKind === "message" && depth < 2)
    return [requestOf(field.message, whose, depth + 1)];
  const singular = field.name.replace(/_ids$/, "_id");
  const known = Object.keys(whose).find((key) => key.endsWith("Id") && singular.endsWith(snake(key)));
  const id = known === undefined ? undefined : whose[known];
  if (field.fieldKind === "list" && field.listKind === "scalar" && field.scalar === 9)
    return id === undefined ? undefined : [id];
  if (field.fieldKind !== "scalar" || field.scalar !== 9) return undefined;
  if (field.name === "environment_name") return whose["environmentName"];
  if (["name", "deployment_name", "app_name", "current_name"].includes(field.name)) return whose["name"];
  if (field.name === "tag") return `${whose["environmentName"]}/${whose["name"]}`;
  return id;
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** How every served call ends that names what is somebody else's: a status, or "answered". `hear` is given what is told. */
async function outcomes(
  identity: Identity,
  whose: Belongings,
  hear: (call: string, told: string) => void = () => undefined,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [service, handlers] of [
    [ModalClient, server.plane.modal],
    [OperatorService, server.plane.operator],
  ] as const) {
    const client = createLocalClient(service, handlers as never, identity) as Record<
      string,
      (request: unknown, options: { signal: AbortSignal }) => unknown
    >;
    for (const [name, method] of methodEntries(service)) {
      if (!(handlers as Record<string, unknown>)[name]) continue;
      const call = client[name];
      if (call) found[name] = await outcomeOf(method, call, whose, (told) => hear(name, told));
    }
  }
  return found;
}

async function outcomeOf(
  method: DescMethod,
  call: (request: unknown, options: { signal: AbortSignal }) => unknown,
  whose: Belongings,
  hear: (told: string) => void,
): Promise<string> {
  const told = (answer: unknown) =>
    hear(Buffer.from(toBinary(method.output, create(method.output, answer as never))).toString("latin1"));
  const request = create(method.input, requestOf(method.input, whose) as never);
  const options = { signal: AbortSignal.timeout(300) };
  try {
    if (method.methodKind === "unary") told(await call(request, options));
    else {
      const asked = method.methodKind === "server_streaming" ? request : only(request);
      for await (const part of call(asked, options) as AsyncIterable<unknown>) {
        told(part);
        break;
      }
    }
    return "answered";
  } catch (error) {
    if (AppError.is(error)) hear(`${error.message} ${error.remedy}`);
    if (options.signal.aborted) return "answered";
    return AppError.is(error) ? error.status : String(error);
  }
}

async function* only(request: unknown): AsyncGenerator<unknown> {
  yield request;
}

/** Calls that were not refused with PERMISSION_DENIED. */
async function notRefused(identity: Identity, whose: Belongings): Promise<string[]> {
  const found = await outcomes(identity, whose);
  return Object.keys(found).filter((name) => found[name] !== "PERMISSION_DENIED");
}

/** Names no object, or tells its caller of itself alone. */
const ofTheCallerAlone = ["authTokenGet", "blobCreate", "clientHello", "tokenFlowCreate", "tokenFlowWait"];
const ofTheServer = ["tokenInfoGet", "workspaceNameLookup", "environmentList"];
/** Contents, by their id or digest: who knows that may have them. */
const ofContents = ["imageFromId", "mountBatchedCheckExistence", "mountPutFile"];
/** A container says these of itself, whatever ids they carry. */
const ofTheContainer = [
  "containerCheckpoint",
  "containerHeartbeat",
  "containerHello",
  "functionCallGetDataIn",
  "functionGetInputs",
  "functionPutOutputs",
  "taskResult",
];
const auditLog = ["auditLogCount", "auditLogList", "auditLogPlan", "auditLogSettingsGet"];
/** Commands are known to the token that runs them: to others there are none. */
const ofOwnCommands = ["containerExecGetOutput", "containerExecPutInput", "containerExecWait"];
/** Lists are of the caller's own; a name or a code that is not there is not found. */
const ofTokens = ["tokenList", "tokenRevoke", "tokenApprove"];

/** What no container can name another's things in, in the environment that they share. */
const refusedAmongNeighbours = [
  "containerStop",
  "imageGetOrCreate",
  "secretGetInfo",
  "secretUpdate",
  "appStop",
];

const sorted = (...groups: string[][]) => groups.flat().toSorted();

test("a token of one environment is refused whatever names another's, call by call [B13]", async () => {
  const scoped = { kind: "client", tokenId: "ak-1", environment: "ci" } as const;
  expect((await notRefused(scoped, theirs)).toSorted()).toEqual(
    sorted(ofTheCallerAlone, ofTheServer, ofContents, auditLog, ofOwnCommands, ofTokens, [
      "imageJoinStreaming",
      "serverInfo",
    ]),
  );
});

/** A proxy token that was made for no environment is good for each. */
const forAllEnvironments = ["webhookTokenListForEnvironment"];

test("a token of one environment is told nothing of what is in another, whether it names that or nothing [B13]", async () => {
  const scoped = { kind: "client", tokenId: "ak-1", environment: "ci" } as const;
  const idForm = /\b[a-z]{2}-[0-9A-Za-z]{22}(?![0-9A-Za-z])/g;
  const idsOf = (belongings: Belongings) =>
    new Set(Object.values(belongings).flatMap((text) => text.match(idForm) ?? []));
  // Images that are built alike are one.
  const own = idsOf(mine);
  const secret = new Set([...idsOf(theirs)].filter((id) => !own.has(id)));
  expect(secret.size).toBeGreaterThan(10);
  for (const [names, whose] of Object.entries({ nothing: {}, "what is another's": theirs })) {
    const leaks: string[] = [];
    const said = new Set(Object.values(whose));
    await outcomes(scoped, whose, (call, told) => {
      if (forAllEnvironments.includes(call)) return;
      for (const id of told.match(idForm) ?? [])
        if (secret.has(id) && !said.has(id)) leaks.push(`${call} tells of ${id}`);
    });
    expect([names, leaks]).toEqual([names, []]);
  }
});

test("a container is refused whatever names what is in another environment, call by call [B13]", async () => {
  const task = { kind: "task", taskId: mine["taskId"] ?? "" } as const;
  expect((await notRefused(task, theirs)).toSorted()).toEqual(
    sorted(ofTheCallerAlone, ofTheServer, ofContents, ofTheContainer),
  );
});

test("a container with restricted access is refused whatever is not its own, call by call [B13]", async () => {
  const task = { kind: "task", taskId: restricted["taskId"] ?? "" } as const;
  expect((await notRefused(task, mine)).toSorted()).toEqual(sorted(ofTheCallerAlone, ofTheContainer));
});

test("a container with restricted access has its own inputs, outputs and function [B13]", async () => {
  const task = server.asTask(restricted["taskId"]);
  const { functionId = "", appId = "", blobId = "" } = restricted;
  await task.functionGetSerialized({ functionId });
  await task.appGetLayout({ appId });
  // It may ask for what it has made: that its upload has not ended is another matter.
  await expect(task.blobGet({ blobId })).rejects.toMatchObject({ code: "BLOB_INCOMPLETE" });
  await expect(task.functionMap({ functionId })).rejects.toMatchObject({
    code: "TASK_RESTRICTED",
    remedy: expect.stringContaining("restrictModalAccess") as unknown,
  });
});

test("a token that may only read is refused whatever changes or runs something, call by call", async () => {
  const reader = { kind: "client", tokenId: "ak-1", readOnly: true } as const;
  const found = await outcomes(reader, theirs);
  for (const [name, outcome] of Object.entries(found)) {
    const permission = { ...modalPermissions, ...operatorPermissions }[name as keyof typeof modalPermissions];
    const mayRead = permission.client === "read" || permission.client === "creation";
    expect([name, outcome === "PERMISSION_DENIED"]).toEqual([name, !mayRead]);
  }
  const modal = createLocalClient(ModalClient, server.plane.modal, reader);
  await expect(modal.dictGetOrCreate({ deploymentName: "new", objectCreationType: 1 })).rejects.toMatchObject(
    {
      code: "TOKEN_READ_ONLY",
    },
  );
});

test("a request that names very many objects is refused to those who do not reach all, and one that names many keeps nobody waiting [B5]", async () => {
  const volumeId = mine["volumeId"] ?? "";
  const naming = (count: number) =>
    Array.from({ length: count }, (_, index) => `fc-${String(index).padStart(22, "A")}`);
  const task = server.asTask(mine["taskId"]);
  await expect(
    task.volumeCopyFiles2({ volumeId, srcPaths: naming(10_001), dstPath: "x" }),
  ).rejects.toMatchObject({ code: "REQUEST_NAMES_TOO_MANY" });
  let turns = 0;
  const waiting = { isOver: false };
  const answer = task
    .volumeCopyFiles2({ volumeId, srcPaths: naming(5_000), dstPath: "x" })
    .catch(() => undefined)
    .finally(() => (waiting.isOver = true));
  for (; !waiting.isOver; turns++) await nextTurn();
  await answer;
  expect(turns).toBeGreaterThan(20);
});

// Comes last: what is open to neighbours changes what they share.
test("containers of one environment share its objects, and not each other's inputs and outputs", async () => {
  const holder = server.asTask(mine["taskId"]);
  const { inputId, functionCallId = "" } = restricted;
  await holder.functionPutOutputs({ outputs: [{ inputId: inputId ?? "", functionCallId }] });
  const { numUnfinishedInputs } = await server.modal.functionGetOutputs({ functionCallId, timeout: 0 });
  expect(numUnfinishedInputs).toBe(1);
  const task = { kind: "task", taskId: mine["taskId"] ?? "" } as const;
  const open = await notRefused(task, restricted);
  for (const name of refusedAmongNeighbours) expect(open).not.toContain(name);
});
