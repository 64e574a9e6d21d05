import { FileDescriptor, type TaskLogsBatch } from "@dorian/protocol/modal";
import type { Output } from "./output.ts";

/** Shows what containers wrote: stdout and stderr as they are, Dorian's own lines as notes. */
export function printLogBatch(batch: TaskLogsBatch, output: Output): void {
  for (const item of batch.items) {
    if (item.data === "") continue;
    if (item.fileDescriptor === FileDescriptor.INFO)
      output.note(output.noteColors.yellow(item.data.trimEnd()));
    else output.pass(item.fileDescriptor === FileDescriptor.STDERR ? "stderr" : "stdout", item.data);
  }
}
