import { createLocalClient } from "@dorian/protocol/client/local-client";
import { AppError } from "@dorian/base/app-error";
import { WorkerService, WorkerStanding, type WorkerMessage } from "@dorian/protocol/worker";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { ServerLink, type ServerOrders } from "./server-link.ts";

const logger = pino({ level: "silent" });

function link(
  join: NonNullable<ServiceHandlers<typeof WorkerService>["join"]>,
  orders: Partial<ServerOrders> = {},
) {
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const made = new ServerLink({
    onWebPorts: () => undefined,
    server: createLocalClient(WorkerService, { join }, { kind: "worker" }),
    hello: { workerId: "wo-1" },
    execInputs: () => ({}),
    orders: {
      onWelcome: () => undefined,
      onDisconnected: () => undefined,
      onOrder: () => undefined,
      ...orders,
    },
    logs: { connected: () => undefined, disconnected: () => undefined, kept: () => undefined },
    heartbeat: () => ({ case: "heartbeat", value: {} }),
    heartbeatMs: 20,
    logger,
    signal: stopping.signal,
  });
  made.joined.catch(() => undefined);
  return { link: made, stopping };
}

async function next(messages: AsyncIterable<WorkerMessage>): Promise<WorkerMessage["message"]> {
  for await (const { message } of messages) return message;
  throw new Error("the worker hung up");
}

test("a worker says hello first and dials again when the connection breaks", async () => {
  const hellos: unknown[] = [];
  const second = Promise.withResolvers<void>();
  const { link: made } = link(async function* (messages) {
    hellos.push((await next(messages)).case);
    yield { message: { case: "welcome", value: { taskIds: [] } } };
    if (hellos.length === 1) throw new AppError("SERVER_GONE", "gone", { status: "UNAVAILABLE", remedy: "" });
    second.resolve();
    await new Promise(() => undefined);
  });
  await made.joined;
  await second.promise;
  expect(hellos).toEqual(["hello", "hello"]);
});

test("a worker that the server refuses says why", async () => {
  const { link: made } = link(async function* () {
    yield* [];
    throw new AppError("WORKER_ELSEWHERE", "Another data directory.", { remedy: "Use the same one." });
  });
  await expect(made.joined).rejects.toThrow("Another data directory.");
});

test("orders reach whoever carries them out, in order", async () => {
  const seen: unknown[] = [];
  const done = Promise.withResolvers<void>();
  link(
    async function* () {
      yield { message: { case: "welcome", value: { taskIds: ["ta-1"] } } };
      yield { message: { case: "stopTask", value: { taskId: "ta-1", graceSecs: 1 } } };
      yield { message: { case: "cancelBuild", value: { buildId: "bd-1" } } };
      await new Promise(() => undefined);
    },
    {
      onWelcome: (welcome) => seen.push(welcome.taskIds),
      onOrder: (message) => {
        seen.push(message.case);
        if (message.case === "cancelBuild") done.resolve();
      },
    },
  );
  await done.promise;
  expect(seen).toEqual([["ta-1"], "stopTask", "cancelBuild"]);
});

test("a worker that leaves says so at once, and to whom it dials later [L8]", async () => {
  const said: unknown[] = [];
  const again = Promise.withResolvers<void>();
  const { link: made } = link(async function* (messages) {
    yield { message: { case: "welcome", value: {} } };
    for await (const { message } of messages) {
      if (message.case === "heartbeat") continue;
      said.push(message.case === "hello" ? message.value.standing : message.case);
      if (message.case === "leaving")
        throw new AppError("GONE", "gone", { status: "UNAVAILABLE", remedy: "" });
      if (said.length === 3) again.resolve();
    }
  });
  await made.joined;
  made.leave();
  await again.promise;
  expect(said).toEqual([WorkerStanding.SERVING, "leaving", WorkerStanding.LEAVING]);
});

test("a worker that hangs up in order has told everything before [L8]", async () => {
  const said: unknown[] = [];
  let ended = false;
  const { link: made } = link(async function* (messages) {
    yield { message: { case: "welcome", value: {} } };
    for await (const { message } of messages) said.push(message.case);
    ended = true;
  });
  await made.joined;
  for (const taskId of ["ta-1", "ta-2"]) made.report({ case: "taskExited", value: { taskId } });
  await made.close({ signal: AbortSignal.timeout(5_000) });
  expect([ended, said.filter((each) => each === "taskExited").length]).toEqual([true, 2]);
});

test("a worker keeps what an operator wants of it for a server that restarts [L8]", async () => {
  const standings: unknown[] = [];
  const twice = Promise.withResolvers<void>();
  link(async function* (messages) {
    const hello = await next(messages);
    standings.push(hello.case === "hello" && hello.value.standing);
    yield { message: { case: "welcome", value: {} } };
    yield { message: { case: "setStanding", value: WorkerStanding.DRAINING } };
    if (standings.length === 1) throw new AppError("GONE", "gone", { status: "UNAVAILABLE", remedy: "" });
    twice.resolve();
    await new Promise(() => undefined);
  });
  await twice.promise;
  expect(standings).toEqual([WorkerStanding.SERVING, WorkerStanding.DRAINING]);
});
