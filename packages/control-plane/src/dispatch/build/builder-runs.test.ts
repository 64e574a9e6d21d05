import { join } from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { AsyncQueue } from "@dorian/base/async-queue";
import { newId } from "@dorian/base/ids";
import { sleep } from "@dorian/base/sleep";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import {
  DataFormat,
  FunctionInputSchema,
  GenericResult_GenericStatus as Status,
  ModalClient,
} from "@dorian/protocol/modal";
import {
  type TaskExitedSchema,
  type WorkerMessage,
  WorkerMessageSchema,
  WorkerService,
} from "@dorian/protocol/worker";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/catalog-server.ts";
import { mergedParts } from "../../../test/merged-parts.ts";
import { eventually } from "../../../test/scripted-caller.ts";
import { HandCatalog, ScriptedServer } from "../../../test/scripted-server.ts";
import type { BuilderOutcome } from "../ports.ts";

type Report = NonNullable<MessageInitShape<typeof WorkerMessageSchema>["message"]>;
type End = Exclude<MessageInitShape<typeof TaskExitedSchema>, { $typeName: string }>;

/** A worker's connection, message by message. */
class Link {
  readonly taskIds: string[] = [];
  welcome: string[] | undefined;
  #outgoing = new AsyncQueue<WorkerMessage>();
  #connection = new AbortController();

  constructor(server: ScriptedServer, workerId: string) {
    const capacity = { milliCpu: 8_000, memoryMb: 8_192n };
    this.report({ case: "hello", value: { workerId, name: "box", capacity, dataDirectoryId: "dd-1" } });
    const client = createLocalClient(WorkerService, mergedParts(server.dispatch.worker), { kind: "worker" });
    void this.#listen(client.join(this.#outgoing, { signal: this.#connection.signal }));
  }

  report(message: Report): void {
    this.#outgoing.push(create(WorkerMessageSchema, { message }));
  }

  cut(): void {
    this.#connection.abort();
  }

  async #listen(orders: AsyncIterable<{ message: { case: string | undefined; value?: unknown } }>) {
    try {
      for await (const { message } of orders) {
        if (message.case === "welcome") this.welcome = (message.value as { taskIds: string[] }).taskIds;
        if (message.case === "startTask") this.taskIds.push((message.value as { taskId: string }).taskId);
      }
    } catch {
      // Cut.
    }
  }
}

/** What happens in a build function's run, in order. A fault comes after one of them. */
const messages = ["order", "phases", "hello", "input", "answer", "end", "report of the end"] as const;

const ends: Record<string, Omit<End, "taskId">> = {
  "ends well": { exitCode: 0, rootFrozen: true, frozenLayerId: "ly-made" },
  "ends well and wrote nothing": { exitCode: 0, rootFrozen: true },
  "ends with a code": { exitCode: 3 },
  "is killed": { exitCode: 137, signal: "SIGKILL" },
  "ends with 0 and nothing was frozen": { exitCode: 0 },
  "says a layer and a code": { exitCode: 1, frozenLayerId: "ly-made" },
};

/** Well within the silence after which a worker of these tests counts as lost. */
const heartbeatMs = 10;

/** What the worker does then, given its link and the end that its container comes to. */
const faults = {
  nothing: async () => undefined,
  "a cut of its connection": async ({ connect, link, workerId, end, report }) => {
    link.cut();
    const again = connect(workerId);
    await eventually(() => again.welcome !== undefined, "welcomed");
    if (again.welcome?.length) report(again, end);
  },
  "a cut of its connection and of its memory": async ({ connect, link, workerId, report }) => {
    link.cut();
    const again = connect(workerId);
    await eventually(() => again.welcome !== undefined, "welcomed");
    if (again.welcome?.length) report(again, { exitCode: -1, signal: "SIGKILL" });
  },
  "death, with a successor": async ({ connect, link }) => {
    link.cut();
    const successor = connect(newId("wo"));
    await eventually(() => successor.welcome !== undefined, "welcomed");
  },
  suspension: async ({ connect, link, workerId, end, report, lost }) => {
    // One whose work nobody else could do would be waited for: another is there, and does not stand still.
    const other = connect(newId("wo"));
    await eventually(() => other.welcome !== undefined, "welcomed");
    const beats = setInterval(() => other.report({ case: "heartbeat", value: {} }), heartbeatMs);
    await lost;
    clearInterval(beats);
    link.cut();
    const again = connect(workerId);
    await eventually(() => again.welcome !== undefined, "welcomed");
    // Whatever the server counts on.
    report(again, end);
  },
} satisfies Record<
  string,
  (at: {
    connect: (workerId: string) => Link;
    link: Link;
    workerId: string;
    end: Omit<End, "taskId">;
    report: (link: Link, end: Omit<End, "taskId">) => void;
    lost: Promise<unknown>;
  }) => Promise<void>
>;

type Fault = keyof typeof faults;

/** One run of a build function; what it must come to is checked. */
async function run(
  server: ScriptedServer,
  functionId: string,
  fault: Fault,
  after: string,
  end: Omit<End, "taskId">,
) {
  const links: Link[] = [];
  const connect = (id: string) => {
    const made = new Link(server, id);
    links.push(made);
    return made;
  };
  const workerId = newId("wo");
  const link = connect(workerId);
  await eventually(() => link.welcome !== undefined, "welcomed");
  const settled: { outcome?: BuilderOutcome; error?: { code?: string } } = {};
  const log = { onLogs: () => undefined, signal: new AbortController().signal };
  const finished = server.dispatch.workerPool.runBuilder(functionId, create(FunctionInputSchema), log).then(
    (outcome) => (settled.outcome = outcome),
    (error: unknown) => (settled.error = error as { code?: string }),
  );
  await eventually(() => link.taskIds.length === 1, "the order came");
  const [taskId = ""] = link.taskIds;
  const modal = createLocalClient(ModalClient, mergedParts(server.dispatch.modal), { kind: "task", taskId });
  let isEndReported = false;
  const report = (to: Link, value: Omit<End, "taskId">) => {
    isEndReported ||= value === end;
    to.report({ case: "taskExited", value: { taskId, ...value } });
  };
  let inputId = "";
  const steps: Record<(typeof messages)[number], () => Promise<void> | void> = {
    order: () => undefined,
    phases() {
      for (const phase of ["image", "mount", "boot"])
        link.report({ case: "taskPhase", value: { taskId, phase, startedAt: 1, endedAt: 1 } });
    },
    hello: async () => void (await modal.containerHello({})),
    async input() {
      inputId = (await modal.functionGetInputs({})).inputs[0]?.inputId ?? "";
    },
    async answer() {
      const result = { status: Status.SUCCESS };
      await modal.functionPutOutputs({ outputs: [{ inputId, result, dataFormat: DataFormat.CBOR }] });
    },
    end: () => undefined,
    "report of the end": () => report(link, end),
  };
  for (const message of messages) {
    await steps[message]();
    if (fault === "nothing" || message !== after) continue;
    await faults[fault]({ connect, link, workerId, end, report, lost: finished });
    break;
  }
  await finished;
  for (const each of links) each.cut();
  while ((await server.operator.serverInfo({})).workers.length > 0) await sleep(1, { signal: log.signal });
  const { outcome, error } = settled;
  if (outcome?.result.status === Status.SUCCESS) {
    expect({ isEndReported, ...end }).toMatchObject({ isEndReported: true, rootFrozen: true, exitCode: 0 });
    expect(outcome.frozenLayerId).toBe(end.frozenLayerId ?? "");
    return "made";
  }
  if (!outcome) {
    expect(error?.code).toMatch(/^(WORKER_LOST|BUILD_INTERRUPTED)$/);
    return "lost";
  }
  expect(outcome).toMatchObject({ frozenLayerId: "", frozenBytes: 0 });
  expect(outcome.result.exception).not.toBe("");
  return "failed";
}

test.for(Object.keys(faults) as Fault[])(
  "a build function's layer comes from a container that was seen to end well, when %s happens to its worker after any message [L3]",
  async (fault) => {
    const directory = await temporaryDirectory();
    const catalog = new HandCatalog();
    await using server = await ScriptedServer.open(join(directory, "state.db"), catalog, {
      workerLostAfterMs: fault === "suspension" ? 6 * heartbeatMs : 15_000,
    });
    const functionId = catalog.add({}, { isBuilder: true });
    for (const after of messages) {
      for (const [name, end] of Object.entries(ends)) {
        const came = await run(server, functionId, fault, after, end);
        const rightly = end.rootFrozen ? "made" : end.signal === "SIGKILL" ? "lost" : "failed";
        const right = fault === "nothing" ? [rightly] : ["made", "failed", "lost"];
        expect(right, `it ${name} after ${after}`).toContain(came);
      }
    }
  },
);
