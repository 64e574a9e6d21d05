import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Connection, createClient } from "@dorian/protocol/client/grpc-client";
import { ModalClient as ModalService, ObjectCreationType } from "@dorian/protocol/modal";
import { TaskCommandRouter } from "@dorian/protocol/task-command-router";
import { Function as RemoteFunction } from "dorian";
import { containersWith } from "@dorian/testkit/containers";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { dorian } from "@dorian/testkit/run-command";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

const source = `
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { App, Image } from "dorian";

export const app = new App("border", { image: Image.debianSlim() });

/** Waits to be let go, so that its container can be looked into. */
async function held(name: string) {
  await writeFile("/tmp/held-" + name, "");
  while (!existsSync("/tmp/go")) await delay(20);
  return name;
}

export const open = app.function({ name: "open" }, held);
export const restricted = app.function({ name: "restricted", restrictModalAccess: true }, held);
`;

const pythonSource = `
import modal
app = modal.App("restricted-python")

@app.function(restrict_modal_access=True, serialized=False)
def work(x):
    try:
        modal.Dict.from_name("mine", create_if_missing=True).put("a", 1)
    except Exception as error:
        print("refused:", error)
    return x + 1

@app.local_entrypoint()
def main():
    print("result", work.remote(41))
`;

const pythonAudit = `
import asyncio
from modal._audit_logs import _rpcs
from modal._audit_logs.count import count_audit_logs
from modal._audit_logs.list import fetch_audit_logs
from modal.client import _Client

async def main():
    client = await _Client.from_env()
    config = await _rpcs.get_settings(client)
    newest = 2 ** 52
    entries = [entry async for entry in fetch_audit_logs("", 0, newest, client=client, config=config)]
    assert len(entries) == await count_audit_logs(client, "", 0, newest, config), "counted otherwise"
    for entry in entries:
        print(entry.action, "by", entry.actor.name, entry.event_at)

asyncio.run(main())
`;

let server: RunningServer;
let url: string;

beforeAll(async () => {
  server = await runningServer({ clients: [modalVersions.newest], apps: [source] });
  ({ url } = JSON.parse(await readFile(join(server.dataDirectory, "client.json"), "utf8")) as {
    url: string;
  });
});

afterAll(() => server[Symbol.asyncDispose]());

/** `dorian token new --name …`, and what connects with the token. */
async function tokenOf(name: string, ...options: string[]) {
  const made = await dorian(server.dataDirectory, ["token", "new", "--name", name, "--json", ...options]);
  expect([made.code, made.stderr]).toEqual([0, ""]);
  const { MODAL_TOKEN_ID: tokenId = "", MODAL_TOKEN_SECRET: tokenSecret = "" } = JSON.parse(
    made.stdout,
  ) as Record<string, string>;
  const env = { MODAL_SERVER_URL: url, MODAL_TOKEN_ID: tokenId, MODAL_TOKEN_SECRET: tokenSecret };
  return {
    env,
    modal: createClient(
      ModalService,
      connect({ "x-modal-token-id": tokenId, "x-modal-token-secret": tokenSecret }),
    ),
  };
}

function connect(metadata: Record<string, string>, address = url): Connection {
  const connection = new Connection({ url: address, metadata });
  onTestFinished(() => connection[Symbol.dispose]());
  return connection;
}

async function heldContainer(name: "open" | "restricted") {
  const call = await RemoteFunction.fromName<(name: string) => Promise<string>>("border", name).spawn(name);
  const [container] = await containersWith(server.dataDirectory, `/tmp/held-${name}`);
  if (!container) throw new Error("the container is not there");
  onTestFinished(async () => {
    await call.cancel({ terminateContainers: true }).catch(() => undefined);
  });
  return container;
}

const ended = { status: "UNAUTHENTICATED" };

test("a revoked token takes its commands, streams and addresses with it, within seconds [B12]", async () => {
  const { taskId, path } = await heldContainer("open");
  const { modal } = await tokenOf("victim");
  const { jwt } = await modal.taskGetCommandRouterAccess({ taskId });
  const router = createClient(TaskCommandRouter, connect({ authorization: `Bearer ${jwt}` }));
  const command = { taskId, execId: "ex-0000000000000000000000" };
  await router.taskExecStart({
    ...command,
    commandArgs: ["sh", "-c", "echo $$ >/tmp/shell; exec sleep 600"],
  });
  const shell = await vi.waitFor(async () => (await readFile(path("/tmp/shell"), "utf8")).trim(), 30_000);
  const { uploadTypeOneof } = await modal.blobCreate({ contentLength: 10n });
  const upload = uploadTypeOneof.case === "multipart" ? (uploadTypeOneof.value.uploadUrls[0] ?? "") : "";
  const { tasks } = await modal.taskList({});
  const appId = tasks.find((task) => task.taskId === taskId)?.appId ?? "";
  const open = [
    (async () => {
      for await (const part of modal.appGetLogs({ appId, timeout: 55 })) void part;
    })(),
    router.taskExecWait(command),
    (async () => {
      for await (const part of router.taskExecStdioRead({ ...command, fileDescriptor: 0 })) void part;
    })(),
  ].map((stream) =>
    stream.then(
      () => "ended well",
      (error: unknown) => error,
    ),
  );
  await modal.appList({});

  const revoked = await dorian(server.dataDirectory, ["token", "revoke", "victim"]);
  expect([revoked.code, revoked.stderr]).toEqual([0, expect.stringContaining("Revoked the token victim")]);
  for (const end of await Promise.all(open)) expect(end).toMatchObject(ended);
  await expect(modal.appList({})).rejects.toMatchObject(ended);
  await expect(
    router.taskExecStart({ ...command, execId: "ex-0000000000000000000001" }),
  ).rejects.toMatchObject(ended);
  expect((await fetch(upload, { method: "PUT", body: "0123456789" })).status).toBe(403);
  await vi.waitFor(async () => {
    await expect(readFile(path(`/proc/${shell}/stat`))).rejects.toMatchObject({ code: "ENOENT" });
  }, 30_000);
});

test("a token's scope and expiry hold, and are told [B12]", async () => {
  await server.client.modal.environmentCreate({ name: "ci" });
  const { env, modal } = await tokenOf("ci", "--environment", "ci", "--expires", "1h");
  await modal.volumeGetOrCreate({
    deploymentName: "cache",
    objectCreationType: ObjectCreationType.CREATE_IF_MISSING,
  });
  expect(
    (await server.client.modal.volumeList({ environmentName: "ci" })).items.map(({ label }) => label),
  ).toEqual(["cache"]);
  expect((await modal.environmentList({})).items.map(({ name }) => name)).toEqual(["ci"]);
  await expect(modal.appList({ environmentName: "main" })).rejects.toMatchObject({ code: "TOKEN_SCOPE" });
  const wider = await dorian("/nonexistent", ["token", "new", "--name", "wide", "--environment", "main"], {
    env,
  });
  expect(wider.stderr).toContain("TOKEN_SCOPE");
  const longer = await dorian("/nonexistent", ["token", "new", "--name", "long", "--expires", "2h"], { env });
  expect(longer.stderr).toContain("TOKEN_WIDER");
  const child = await dorian("/nonexistent", ["token", "new", "--name", "child"], { env });
  expect(child.code).toBe(0);

  const reader = await tokenOf("reader", "--read-only");
  await reader.modal.appList({});
  await expect(reader.modal.appCreate({ description: "mine" })).rejects.toMatchObject({
    code: "TOKEN_READ_ONLY",
  });

  const listed = JSON.parse(
    (await dorian(server.dataDirectory, ["token", "list", "--json"])).stdout,
  ) as Record<string, unknown>[];
  const told = new Map(listed.map((token) => [token["name"], token]));
  expect(told.get("ci")).toMatchObject({ environmentName: "ci", readOnly: false, createdBy: "operator" });
  expect(told.get("child")).toMatchObject({
    environmentName: "ci",
    createdBy: "ci",
    expiresAt: told.get("ci")?.["expiresAt"],
  });
  expect(told.get("reader")).toMatchObject({ environmentName: "", readOnly: true, expiresAt: null });

  const brief = await tokenOf("brief", "--expires", "2s");
  const logs = (async () => {
    for await (const part of brief.modal.functionCallGetDataOut({})) void part;
  })().catch(() => undefined);
  await vi.waitFor(async () => {
    await expect(brief.modal.appList({})).rejects.toMatchObject({ code: "TOKEN_EXPIRED", ...ended });
  }, 30_000);
  await logs;
});

test("code with restricted access gets its inputs, gives its outputs, and gets at nothing else [B13]", async () => {
  const { volumeId } = await server.client.modal.volumeGetOrCreate({
    deploymentName: "others",
    objectCreationType: ObjectCreationType.CREATE_IF_MISSING,
  });
  const container = await heldContainer("restricted");
  const inside = createClient(ModalService, connect({}, `unix://${container.path("/run/dorian/task.sock")}`));
  const restricted = { code: "TASK_RESTRICTED", status: "PERMISSION_DENIED" };
  await expect(inside.volumeDelete({ volumeId })).rejects.toMatchObject(restricted);
  await expect(inside.volumeList({})).rejects.toMatchObject(restricted);
  await expect(inside.functionGet({ appName: "border", objectTag: "open" })).rejects.toMatchObject(
    restricted,
  );
  await expect(inside.queueGetOrCreate({ deploymentName: "q", objectCreationType: 1 })).rejects.toMatchObject(
    restricted,
  );
  await expect(inside.appStop({ appId: "ap-0000000000000000000000" })).rejects.toMatchObject({
    status: "PERMISSION_DENIED",
  });
  expect((await server.client.modal.volumeList({})).items.map(({ label }) => label)).toContain("others");
  const result = RemoteFunction.fromName<(name: string) => Promise<string>>("border", "restricted").remote(
    "again",
  );
  const [second] = await containersWith(server.dataDirectory, "/tmp/held-again");
  second?.touch("/tmp/go");
  expect(await result).toBe("again");
});

test("the official client reads the audit log, and its restricted functions are held to it [B13]", async () => {
  const modal = await ModalClient.open("1.6.4", server.dataDirectory);
  const app = join(server.dataDirectory, "restricted.py");
  await writeFile(app, pythonSource);
  const run = await modal.modal(["run", app]);
  expect([run.code, run.stderr]).toEqual([0, expect.any(String)]);
  expect(run.stdout).toContain("result 42");
  expect(run.stdout).toContain(
    "refused: DictGetOrCreate is not for a container of a function with restricted access",
  );
  const read = await modal.python(["-c", pythonAudit]);
  expect([read.code, read.stderr]).toEqual([0, ""]);
  expect(read.stdout).toContain("app.deploy by operator");
});

test("one peer asks for many tokens, and others still come by theirs [B17]", async () => {
  const from = (address: string) => createClient(ModalService, connect({ "x-forwarded-for": address }));
  const flooder = from("203.0.113.7");
  const refused = await Promise.all(
    Array.from({ length: 100 }, () =>
      flooder.tokenFlowCreate({}).then(
        () => "",
        (error: { code?: string }) => error.code ?? "",
      ),
    ),
  );
  expect(refused.filter((code) => code === "TOKEN_FLOWS_TOO_MANY")).toHaveLength(92);
  const honest = from("198.51.100.4");
  const { code, tokenFlowId, waitSecret } = await honest.tokenFlowCreate({});
  const waiting = honest.tokenFlowWait({ tokenFlowId, waitSecret, timeout: 30 });
  const approved = await dorian(server.dataDirectory, ["token", "approve", code, "--name", "phone"]);
  expect(approved.code).toBe(0);
  expect((await waiting).tokenSecret).toMatch(/^as-/);
});

test("the audit log tells who did what, from where and with which result", async () => {
  const { modal } = await tokenOf("writer");
  await modal.secretGetOrCreate({
    deploymentName: "password",
    objectCreationType: 1,
    envDict: { PASSWORD: "hush-hush" },
  });
  const listed = await dorian(server.dataDirectory, ["audit", "list", "--token", "writer", "--json"]);
  expect(JSON.parse(listed.stdout)).toMatchObject([
    {
      actor: "writer",
      action: "secret.create",
      status: "success",
      environment: "main",
      address: "127.0.0.1",
    },
  ]);
  const all = await dorian(server.dataDirectory, ["audit", "list", "--since", "1h", "--limit", "1000"]);
  for (const action of ["app.deploy", "token.create", "token.revoke", "container.exec", "environment.create"])
    expect(all.stdout).toContain(action);
  expect(all.stdout).not.toContain("hush-hush");
});
