import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallSummarySchema } from "@dorian/protocol/operator";
import type { AppDirectory, FunctionCatalog } from "../ports.ts";
import type { SeenCall } from "./call-listing.ts";
import { statusOfCall } from "./call-status.ts";

export interface SummarySources {
  apps: Pick<AppDirectory, "lookupApp">;
  catalog: Pick<FunctionCatalog, "spec">;
}

/** What is told of a call in a list. */
export function summaryOf(
  call: SeenCall,
  { apps, catalog }: SummarySources,
): Exclude<MessageInitShape<typeof CallSummarySchema>, { $typeName: string }> {
  const { inputs, unfinished } = call;
  const starts = inputs.map(({ startedAtSecs }) => startedAtSecs).filter((secs) => secs > 0);
  const ends = inputs.flatMap(({ finishedAtMs }) => finishedAtMs ?? []);
  const tag = catalog.spec(call.functionId)?.tag ?? "";
  const method = inputs[0]?.method ?? "";
  return {
    functionCallId: call.callId,
    appId: call.appId,
    appName: apps.lookupApp(call.appId)?.description ?? "",
    functionId: call.functionId,
    functionTag: tag !== "" && method !== "" ? `${tag}.${method}` : tag,
    status: statusOfCall(inputs, unfinished),
    inputs: call.count,
    unfinished,
    createdAt: call.createdAtMs / 1000,
    startedAt: starts.length === 0 ? 0 : Math.min(...starts),
    finishedAt: unfinished > 0 || ends.length === 0 ? 0 : Math.max(...ends) / 1000,
    parentInputId: call.parentInputId,
  };
}
