import { FileDescriptor } from "@dorian/protocol/modal";
import type { Transport } from "../client/transport.ts";
import type { WaitOptions } from "../client/wait-options.ts";
import { readAppLog } from "../log/app-log.ts";

/** How much of a call's log is read. */
export interface CallLogOptions extends WaitOptions {
  /** Wait for more, until the call is done and its last words are there, which takes two seconds; default false: what is there. */
  follow?: boolean;
}

/** A line that code wrote while it worked on an input of a call, and on no other. */
export interface LogLine {
  /** Without its end. */
  text: string;
  /** Where it was written to. */
  stream: "stdout" | "stderr";
  /** When it came, by the clock of its worker. */
  at: Date;
  /** The input that it belongs to; begins with "in-". */
  inputId: string;
  /** The container that wrote it; begins with "ta-". */
  taskId: string;
}

/** What containers wrote while they worked on a call. */
export async function* callLog(
  wire: Transport,
  functionCallId: string,
  { follow = false, signal = new AbortController().signal }: CallLogOptions,
): AsyncGenerator<LogLine> {
  const { metadata } = await wire.modal.functionCallFromId({ functionCallId }, { signal });
  const request = { appId: metadata?.appId ?? "", filter: { functionCallId }, follow };
  for await (const { taskId, items } of readAppLog(wire.modal, request, { signal })) {
    for (const { data, fileDescriptor, timestamp, inputId } of items) {
      if (fileDescriptor !== FileDescriptor.STDOUT && fileDescriptor !== FileDescriptor.STDERR) continue;
      const stream = fileDescriptor === FileDescriptor.STDERR ? "stderr" : "stdout";
      const at = new Date(timestamp * 1000);
      for (const text of data.replace(/\n$/, "").split("\n")) yield { text, stream, at, inputId, taskId };
    }
  }
}
