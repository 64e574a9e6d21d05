import { Deadline } from "@dorian/base/deadline";
import { FileDescriptor, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { inWordsOf } from "@dorian/protocol/error/words";
import type { AppDirectory } from "../ports.ts";
import type { AppLogs } from "./app-logs.ts";
import { appNotFound } from "../../access/app-not-found.ts";
import { filterItems, filterOf } from "./log-filter.ts";
import { isWithin, rangeOf } from "./log-time.ts";

export interface LogHandlersOptions {
  logs: AppLogs;
  apps: AppDirectory;
  isGone: (taskId: string) => boolean;
  /** Containers that an app still has which was stopped; undefined for one that was not. */
  containersOfStopped: (appId: string) => number | undefined;
  /** How long Python readers are kept waiting for the last words of a stopped app. Default: 8 s. */
  farewellMs?: number;
  /** Nothing of the call is running, or waits to. */
  isCallDone: (callId: string) => Promise<boolean>;
  /** How long readers of a call wait behind its end for its last words. Default: 2 s. */
  lastWordsMs?: number;
}

const longestStreamSecs = 60;
/** The official Python client waits for ten seconds, and says then that the rest is missing but not where it is. */
const defaultFarewellMs = 8_000;
/** Workers hold on to a line that is not whole for a second and a half. */
const defaultLastWordsMs = 2_000;
/** Nothing wakes readers when a call ends: those of one look so often. */
const callPollMs = 1_000;

export function logHandlers(
  options: LogHandlersOptions,
): Required<Pick<ServiceHandlers<typeof ModalClient>, "appGetLogs">> {
  const { logs, apps, isGone, containersOfStopped, isCallDone } = options;
  const { farewellMs = defaultFarewellMs, lastWordsMs = defaultLastWordsMs } = options;
  return {
    async *appGetLogs(request, context) {
      const { appId, functionCallId } = request;
      if (!apps.lookupApp(appId)) throw appNotFound(appId);
      const filter = filterOf(request, apps, context);
      const range = rangeOf(request);
      const ends = range.until !== undefined;
      const timeoutSecs = ends ? 0 : Math.min(request.timeout, longestStreamSecs);
      const deadline = new Deadline(timeoutSecs * 1000);
      // Asked first: what comes meanwhile is not passed over.
      const newest = range.since === undefined ? 0 : await logs.newest(appId);
      const place = await logs.placeOf(appId, range);
      if (!place && ends) return;
      const first = place ? place.after : newest;
      const last = place?.last ?? Infinity;
      let cursor = Math.max(Number.parseInt(request.lastEntryId, 10) || 0, first);
      let farewell: Deadline | undefined;
      // Python's clients read until the app is done, or the user has enough.
      const isOfCall = functionCallId !== "" && context.language !== "python";
      let lastWords: Deadline | undefined;
      /** The newest entry when the call's last words had been said. */
      let callEnd = Infinity;
      for (;;) {
        if (isOfCall && !lastWords && (await isCallDone(functionCallId)))
          lastWords = new Deadline(lastWordsMs);
        if (lastWords?.isOver && callEnd === Infinity) callEnd = await logs.newest(appId);
        // Asked before reading: what is said up to its end is then among what is read.
        const left = request.taskId === "" ? containersOfStopped(appId) : undefined;
        const over =
          (left === 0 || (request.taskId !== "" && isGone(request.taskId))) && !logs.isBehind(appId);
        const entries = await logs.read(appId, cursor);
        for (const { entry, at, batch } of entries) {
          if (entry > last) return;
          cursor = entry;
          if (!isWithin(at, range)) continue;
          const items = filterItems(batch, filter);
          if (items.length > 0) yield { ...batch, items };
        }
        const isCallOver = callEnd < Infinity && (entries.length === 0 || cursor >= callEnd);
        if (entries.length > 0 && !isCallOver) continue;
        if (over || isCallOver) {
          yield { taskId: request.taskId, eof: true, appDone: true };
          return;
        }
        if (left && context.language === "python") farewell ??= new Deadline(farewellMs);
        if (left && farewell?.isOver) {
          const data = inWordsOf("python", stillStopping(left, appId));
          yield { items: [{ data, fileDescriptor: FileDescriptor.INFO }] };
          yield { eof: true, appDone: true };
          return;
        }
        if (deadline.isOver || context.signal.aborted) return;
        const lookAgainMs = isOfCall ? lastWords?.leftMs || callPollMs : Infinity;
        const timeoutMs = Math.min(deadline.leftMs, farewell?.leftMs ?? Infinity, lookAgainMs);
        await logs.waitFor(appId, cursor, { signal: context.signal, timeoutMs });
      }
    },
  };
}

function stillStopping(containers: number, appId: string): string {
  const who = containers === 1 ? "1 container is" : `${containers} containers are`;
  return `${who} still stopping: \`dorian app logs ${appId}\` shows what is said until then.\n`;
}
