import type { AppGetLogsRequest, TaskLogs, TaskLogsBatch } from "@dorian/protocol/modal";

export type LogFilter = Pick<
  AppGetLogsRequest,
  | "functionId"
  | "parametrizedFunctionId"
  | "taskId"
  | "inputId"
  | "functionCallId"
  | "fileDescriptor"
  | "searchText"
>;

/** The items of a batch that a reader asked for. An empty field of the filter lets everything pass. */
export function filterItems(batch: TaskLogsBatch, filter: LogFilter): TaskLogs[] {
  const functionId = filter.parametrizedFunctionId || filter.functionId;
  if (functionId !== "" && batch.functionId !== functionId) return [];
  if (filter.taskId !== "" && batch.taskId !== filter.taskId) return [];
  return batch.items.filter(
    (item) =>
      (filter.inputId === "" || item.inputId === filter.inputId) &&
      (filter.functionCallId === "" || item.functionCallId === filter.functionCallId) &&
      (filter.fileDescriptor === 0 || item.fileDescriptor === filter.fileDescriptor) &&
      (filter.searchText === "" || item.data.includes(filter.searchText)),
  );
}
