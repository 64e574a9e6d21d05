import type { FileDescriptor, TaskLogs, TaskLogsBatch } from "@dorian/protocol/modal";

/** Some write for ever without an end of line. */
const longestLine = 4 * 1024 * 1024;

/**
 * Lines of batches that are read backwards. Readers count lines; containers send as many at once as they have, and a part of one
 * where its writer paused: it is put before the rest of its line, which came later and was read before.
 */
export class WholeLines {
  /** The earliest line that was read of each stream of each container, which may lack its beginning. */
  #earliest = new Map<string, TaskLogs>();

  /** The last line first, each made when it is asked for: a batch may have a million. */
  *backwards(batch: TaskLogsBatch): Generator<TaskLogs> {
    for (const item of joined(batch.items).toReversed()) {
      for (let end = item.data.length; end > 0;) {
        const start = end < 2 ? 0 : item.data.lastIndexOf("\n", end - 2) + 1;
        const line = { ...item, data: item.data.slice(start, end) };
        end = start;
        const key = `${batch.taskId} ${line.fileDescriptor}`;
        const rest = this.#earliest.get(key);
        if (rest && !line.data.endsWith("\n") && rest.data.length < longestLine) {
          rest.data = line.data + rest.data;
          rest.inputId = line.inputId;
          rest.functionCallId = line.functionCallId;
          continue;
        }
        this.#earliest.set(key, line);
        yield line;
      }
    }
  }
}

/** The same, with the end of each that stops within a line before the rest of that line, which came later. */
function joined(items: readonly TaskLogs[]): TaskLogs[] {
  const whole: TaskLogs[] = [];
  const latest = new Map<FileDescriptor, TaskLogs>();
  for (const item of items) {
    const { fileDescriptor } = item;
    const open = latest.get(fileDescriptor);
    let { data } = item;
    if (open && !open.data.endsWith("\n") && open.data.length < longestLine) {
      const end = data.indexOf("\n") + 1 || data.length;
      open.data += data.slice(0, end);
      data = data.slice(end);
    }
    if (data === "") continue;
    const rest = { ...item, data };
    whole.push(rest);
    latest.set(fileDescriptor, rest);
  }
  return whole;
}
