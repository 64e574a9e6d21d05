import type { CallSummary } from "@dorian/protocol/operator";
import { isoTime } from "../output/iso-time.ts";

/** A call in a list. Times are Unix seconds, 0 for what has not come. */
export interface CallRow {
  callId: string;
  appId: string;
  app: string;
  function: string;
  state: string;
  inputs: number;
  /** Those without an output. */
  unfinished: number;
  createdAt: number;
  startedAt: number;
  finishedAt: number;
  /** The input that it was made by; empty when it was made from outside. */
  parentInputId: string;
}

export function callRow(call: CallSummary): CallRow {
  return {
    callId: call.functionCallId,
    appId: call.appId,
    app: call.appName,
    function: call.functionTag,
    state: call.status,
    inputs: call.inputs,
    unfinished: call.unfinished,
    createdAt: call.createdAt,
    startedAt: call.startedAt,
    finishedAt: call.finishedAt,
    parentInputId: call.parentInputId,
  };
}

export function callJson(row: CallRow) {
  const { createdAt, startedAt, finishedAt } = row;
  const times = {
    createdAt: isoTime(createdAt),
    startedAt: isoTime(startedAt),
    finishedAt: isoTime(finishedAt),
  };
  return { ...row, ...times };
}
