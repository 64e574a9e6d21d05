import { FileDescriptor, type TaskLogs, type TaskLogsBatch } from "@dorian/protocol/modal";
import type { Output } from "../output/output.ts";
import { visibleJsonLine } from "../output/visible-text.ts";

export type LogFormat = "plain" | "timestamps" | "json";

export function formatOfLog({ json, timestamps }: { json: boolean; timestamps: boolean }): LogFormat {
  if (json) return "json";
  return timestamps ? "timestamps" : "plain";
}

/** Shows what containers wrote: stdout and stderr as they are, Dorian's own lines as notes. */
export class LogView {
  #output: Output;
  #format: LogFormat;
  /** Streams of containers that have begun a line and not ended it. */
  #open = new Set<string>();

  constructor(output: Output, format: LogFormat = "plain") {
    this.#output = output;
    this.#format = format;
  }

  show(batch: TaskLogsBatch): void {
    for (const item of batch.items) {
      if (item.data === "") continue;
      if (this.#format === "json") this.#printObjects(batch, item);
      else this.#print(batch, item);
    }
  }

  #print({ taskId }: TaskLogsBatch, item: TaskLogs): void {
    const stream = item.fileDescriptor === FileDescriptor.STDERR ? "stderr" : "stdout";
    const data = this.#format === "timestamps" ? this.#timed(`${taskId} ${stream}`, item) : item.data;
    if (item.fileDescriptor === FileDescriptor.INFO)
      this.#output.note(this.#output.noteColors.yellow(data.trimEnd()));
    else this.#output.pass(stream, data);
  }

  /** A line that goes on has its time already. */
  #timed(key: string, { data, timestamp }: TaskLogs): string {
    const time = new Date(timestamp * 1000).toISOString();
    const goesOn = this.#open.has(key);
    if (data.endsWith("\n")) this.#open.delete(key);
    else this.#open.add(key);
    return linesOf(data)
      .map((line, index) => (index === 0 && goesOn ? line : `${time} ${line}`))
      .join("");
  }

  #printObjects(batch: TaskLogsBatch, item: TaskLogs): void {
    for (const line of linesOf(item.data)) {
      this.#output.print(
        visibleJsonLine({
          timestamp: new Date(item.timestamp * 1000).toISOString(),
          source: sourceOf(item.fileDescriptor),
          function: batch.functionTag,
          container: batch.taskId,
          call: item.functionCallId,
          input: item.inputId,
          text: line.replace(/\n$/, ""),
        }),
      );
    }
  }
}

function linesOf(data: string): string[] {
  return data.split(/(?<=\n)/);
}

function sourceOf(fileDescriptor: FileDescriptor): string {
  if (fileDescriptor === FileDescriptor.INFO) return "system";
  return fileDescriptor === FileDescriptor.STDERR ? "stderr" : "stdout";
}
