import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallShowResponse_InputSchema, OperatorService } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Database } from "../../database/database.ts";
import type { AppDirectory, FunctionCatalog } from "../ports.ts";
import { callInMemory, type SeenCall } from "./call-listing.ts";
import { callOfInput } from "./call-of-input.ts";
import { seenInput, statusOfInput } from "./call-status.ts";
import type { CallStore } from "./call-store.ts";
import { summaryOf } from "./call-summary.ts";
import type { Calls } from "./calls.ts";
import type { CallInput } from "./function-call.ts";

export interface CallShowOptions {
  calls: Calls;
  store: CallStore;
  /** When a container had its place and when it asked for work, in unix seconds. */
  startOf: (taskId: string) => Promise<{ placed: number | undefined; ready: number | undefined } | undefined>;
  catalog: FunctionCatalog;
  apps: AppDirectory;
  db: Database;
}

const usualInputs = 20;
const mostInputs = 200;
const mostParents = 32;
const longestError = 4_000;

type InputInit = Exclude<MessageInitShape<typeof CallShowResponse_InputSchema>, { $typeName: string }>;

/** All that is known of one call, but for what it was given and gave. */
export function callShowHandlers(
  options: CallShowOptions,
): Pick<ServiceHandlers<typeof OperatorService>, "callShow"> {
  return {
    async callShow(request) {
      const call = await options.calls.get(request.functionCallId);
      const limit = Math.min(request.limit || usualInputs, mostInputs);
      const inputs: InputInit[] = [];
      // By their places, which clients count from 0: there may be a million to sort otherwise.
      for (let idx = 0; idx < call.inputs.size && inputs.length < limit; idx++) {
        const input = call.inputs.get(idx);
        if (input) inputs.push(await told(input, options));
      }
      const parents = await parentsOf(call.facts.parentInputId, options);
      return {
        call: summaryOf(callInMemory(call), options),
        parents: parents.map((parent) => summaryOf(parent, options)),
        inputs,
      };
    },
  };
}

async function parentsOf(inputId: string, { calls, db }: CallShowOptions): Promise<SeenCall[]> {
  const parents: SeenCall[] = [];
  while (inputId !== "" && parents.length < mostParents) {
    const callId =
      calls.openInput(inputId)?.call.facts.callId ?? (await callOfInput(db, inputId))?.callId ?? "";
    const call = await calls.lookup(callId);
    // What it came from may have expired.
    if (!call) break;
    parents.push(callInMemory(call));
    inputId = call.facts.parentInputId;
  }
  return parents;
}

async function told(input: CallInput, options: CallShowOptions): Promise<InputInit> {
  const { state, output } = input;
  const seen = seenInput(input);
  const status = statusOfInput(seen);
  const taskId = output?.taskId ?? (state.kind === "running" ? state.taskId : "");
  const start = taskId === "" ? undefined : await options.startOf(taskId);
  const failed = output && status !== "succeeded" && !input.call.live;
  const error = failed ? (await options.store.resultOf(input)).exception : "";
  return {
    inputId: input.inputId,
    idx: input.idx,
    status: state.kind === "backing-off" ? "backing-off" : status,
    deliveries: input.deliveries,
    userRetries: input.userRetries,
    deaths: input.deaths,
    taskId,
    createdAt: input.createdAtMs / 1000,
    startedAt: seen.startedAtSecs,
    finishedAt: (seen.finishedAtMs ?? 0) / 1000,
    retryAt: state.kind === "backing-off" ? state.untilMs / 1000 : 0,
    error: error.slice(0, longestError),
    resultBytes: BigInt(output?.bytes ?? 0),
    taskPlacedAt: start?.placed ?? 0,
    taskReadyAt: start?.ready ?? 0,
  };
}
