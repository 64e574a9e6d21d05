import type { TaskLogs, TaskLogsBatch } from "@dorian/protocol/modal";

/** Some write for ever without an end of line. */
const longestLine = 4 * 1024 * 1024;

/**
 * Lines of batches that are read backwards. Readers count lines; containers send as many at once as they have, and a part of one
 * where its writer paused: it is put before the rest of its line, which came later and was read before.
 */
export class WholeLines {
  /** Of each stream of each container, the earliest line that was read, which may lack its beginning. */
  #earliest = new Map<string, TaskLogs>();

  of(batch: TaskLogsBatch): TaskLogs[] {
    const lines = batch.items.flatMap((item) =>
      (item.data.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((data) => ({ ...item, data })),
    );
    const whole: TaskLogs[] = [];
    for (const line of lines.toReversed()) {
      const key = `${batch.taskId} ${line.fileDescriptor}`;
      const rest = this.#earliest.get(key);
      if (rest && !line.data.endsWith("\n") && rest.data.length < longestLine) {
        rest.data = line.data + rest.data;
        rest.inputId = line.inputId;
        rest.functionCallId = line.functionCallId;
        continue;
      }
      whole.push(line);
      this.#earliest.set(key, line);
    }
    return whole.toReversed();
  }
}
