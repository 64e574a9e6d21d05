import {
  FileDescriptor,
  type AppFetchLogsRequest,
  type AppGetLogsRequest,
  type TaskLogs,
  type TaskLogsBatch,
} from "@dorian/protocol/modal";
import type { CallContext } from "@dorian/protocol/service";
import { inWordsOf, type Language } from "@dorian/protocol/error/words";
import type { AppDirectory } from "../ports.ts";

/** An empty field lets everything pass. */
export interface LogFilter {
  /** The function and its bound variants; undefined for all. */
  functionIds: ReadonlySet<string> | undefined;
  taskId: string;
  inputId: string;
  functionCallId: string;
  fileDescriptor: number;
  searchText: string;
  /** The reader's. */
  language: Language | undefined;
}

type FilterFields = Pick<
  AppGetLogsRequest,
  "functionId" | "parametrizedFunctionId" | "taskId" | "functionCallId" | "sandboxId" | "searchText"
> &
  (Pick<AppGetLogsRequest, "inputId" | "fileDescriptor"> | Pick<AppFetchLogsRequest, "source">);

/** What a reader asked for. A function stands for its bound variants as well, a bound variant for itself. */
export function filterOf(
  request: FilterFields,
  apps: Pick<AppDirectory, "familyOf">,
  { language }: Pick<CallContext, "language">,
): LogFilter {
  const { functionId, parametrizedFunctionId, sandboxId } = request;
  const exact = parametrizedFunctionId || sandboxId;
  const wanted =
    exact === "" ? (functionId === "" ? undefined : [functionId, ...apps.familyOf(functionId)]) : [exact];
  return {
    functionIds: wanted && new Set(wanted),
    taskId: request.taskId,
    inputId: "inputId" in request ? request.inputId : "",
    functionCallId: request.functionCallId,
    fileDescriptor: "source" in request ? request.source : request.fileDescriptor,
    searchText: request.searchText,
    language,
  };
}

/** The items of a batch that a reader asked for. */
export function filterItems(batch: TaskLogsBatch, filter: LogFilter): TaskLogs[] {
  if (filter.functionIds && !filter.functionIds.has(batch.functionId)) return [];
  if (filter.taskId !== "" && batch.taskId !== filter.taskId) return [];
  const wanted = batch.items.flatMap((item) => {
    const isWanted =
      (filter.inputId === "" || item.inputId === filter.inputId) &&
      (filter.functionCallId === "" || item.functionCallId === filter.functionCallId) &&
      (filter.fileDescriptor === 0 || item.fileDescriptor === filter.fileDescriptor);
    if (!isWanted) return [];
    return filter.searchText === "" ? [item] : linesWith(filter.searchText, item);
  });
  return filter.language === "python" ? wanted.map(inPython) : wanted;
}

/** What was written at once may be many lines. */
function linesWith(text: string, item: TaskLogs): TaskLogs[] {
  if (!item.data.includes(text)) return [];
  const lines = item.data.split(/(?<=\n)/).filter((line) => line.includes(text));
  return lines.length === 0 ? [item] : [{ ...item, data: lines.join("") }];
}

/** The platform's own lines are in its reader's words; those of the user's code are nobody else's business. */
function inPython(item: TaskLogs): TaskLogs {
  return item.fileDescriptor === FileDescriptor.INFO
    ? { ...item, data: inWordsOf("python", item.data) }
    : item;
}
