import type { MessageInitShape } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { FileDescriptor, type SandboxGetLogsRequest, type TaskLogsBatchSchema } from "@dorian/protocol/modal";
import type { CallContext } from "@dorian/protocol/service";
import type { Exec } from "../../dispatch/exec/exec.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** The command of a sandbox that has a terminal. @throws AppError SANDBOX_STREAMS_UNSUPPORTED */
export async function sessionOf(sandbox: Sandbox): Promise<Exec> {
  if (sandbox.session) return await sandbox.session;
  throw new AppError("SANDBOX_STREAMS_UNSUPPORTED", "Input and output of a sandbox itself are not served.", {
    status: "UNIMPLEMENTED",
    remedy: "Run the command in it with exec(), and use that process's input and output.",
  });
}

/** What the command writes; a terminal has one stream. */
export async function* sessionOutput(
  sandboxes: Sandboxes,
  request: SandboxGetLogsRequest,
  context: CallContext,
): AsyncGenerator<MessageInitShape<typeof TaskLogsBatchSchema>> {
  const { output } = await sessionOf(sandboxes.require(request.sandboxId));
  const limit = AbortSignal.timeout(request.timeout * 1000);
  const signal = AbortSignal.any([limit, context.signal]);
  const stream = request.fileDescriptor === FileDescriptor.STDERR ? "stderr" : "stdout";
  const decoder = new TextDecoder();
  let last = Number(request.lastEntryId === "" ? 0 : request.lastEntryId);
  const item = (data: string) => ({ data, fileDescriptor: request.fileDescriptor });
  // The sign that the command runs, whether it writes anything or not.
  if (last === 0) yield { items: [item("")], entryId: "0" };
  try {
    for await (const { index, data } of output.chunksAfter(last, { stream, signal })) {
      last = index;
      yield { items: [item(decoder.decode(data, { stream: true }))], entryId: String(last) };
    }
  } catch (error) {
    if (limit.aborted && !context.signal.aborted) return;
    throw error;
  }
  yield { eof: true, entryId: String(last) };
}
