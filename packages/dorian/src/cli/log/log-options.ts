import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { wallClockMs } from "@dorian/base/wall-clock";
import { FileDescriptor } from "@dorian/protocol/modal";
import type { OptionDefinition } from "../command.ts";
import { type Input, UsageError } from "../input.ts";
import { formatOfLog, type LogFormat } from "./log-view.ts";
import type { LogFilter } from "@dorian/sdk/log/app-log";

/** What the server gives at a time, counted from the end. */
const mostLines = 10_000;

const sources = {
  stdout: FileDescriptor.STDOUT,
  stderr: FileDescriptor.STDERR,
  system: FileDescriptor.INFO,
} as const;

/** Which part of a log, and how it is shown. */
export const logOptions: readonly OptionDefinition[] = [
  { name: "since", value: "time", description: "From then on: 12h (ago), 2026-11-30 or 2026-11-30T08:15" },
  { name: "until", value: "time", description: "Up to then, in the same words" },
  { name: "tail", value: "lines", description: "The last so many lines of what is asked for" },
  { name: "search", value: "text", description: "Lines that have this text" },
  { name: "call", value: "id", description: "What was written for this call (fc-…)" },
  { name: "source", value: "source", description: "stdout, stderr, or system for what Dorian itself says" },
  { name: "timestamps", short: "t", description: "Begin each line with its time" },
  { name: "json", description: "Print a JSON object for each line" },
];

export interface LogQuery {
  filter: LogFilter;
  /** The last so many lines of what is there already. */
  tail: number | undefined;
  follow: boolean;
  format: LogFormat;
}

/** @throws UsageError */
export function logQuery(input: Input): LogQuery {
  const nowMs = wallClockMs();
  const since = input.moment("since", nowMs);
  const until = input.moment("until", nowMs);
  const follow = input.flag("follow");
  if (follow && until !== undefined)
    throw new UsageError("--follow waits for what is to come, and --until ends before it: give one of them.");
  if (since !== undefined && until !== undefined && since >= until)
    throw new UsageError("--since is not before --until: nothing lies between them.");
  const tail = input.wholeNumber("tail", 1);
  if (tail !== undefined && tail > mostLines)
    throw new UsageError(
      `--tail takes at most ${mostLines} lines.`,
      "for more, say from when on: --since 2h.",
    );
  const source = input.choice("source", ["stdout", "stderr", "system"]);
  return {
    filter: {
      functionCallId: input.option("call") ?? "",
      searchText: input.option("search") ?? "",
      fileDescriptor: source === undefined ? FileDescriptor.UNSPECIFIED : sources[source],
      ...(since === undefined ? {} : { since: timestampFromMs(since) }),
      ...(until === undefined ? {} : { until: timestampFromMs(until) }),
    },
    tail,
    follow,
    format: formatOfLog({ json: input.flag("json"), timestamps: input.flag("timestamps") }),
  };
}
