import { must } from "@dorian/base/must";
import { wallClockMs } from "@dorian/base/wall-clock";
import type { CallShowResponse_Input } from "@dorian/protocol/operator";
import { formatBytes } from "../../../format-bytes.ts";
import { defineCommand } from "../../command.ts";
import { formatAgo, formatDuration } from "../../output/duration.ts";
import { renderFacts } from "../../output/facts.ts";
import { isoTime } from "../../output/iso-time.ts";
import type { Output } from "../../output/output.ts";
import { phaseBars, type TimedPhase } from "../../output/phase-bars.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { callPhases } from "../../state/call-phases.ts";
import { callJson, callRow, type CallRow } from "../../state/call-row.ts";

interface InputRow {
  inputId: string;
  index: number;
  state: string;
  /** How often a container was given it. */
  attempts: number;
  /** Those that the retry policy paid for. */
  retries: number;
  /** Containers that ended under it. */
  deaths: number;
  /** Id of the container that has it, or had it last. */
  container: string;
  createdAt: number;
  startedAt: number;
  finishedAt: number;
  /** When it is tried again, if it waits for that. */
  retryAt: number;
  error: string;
  resultBytes: number;
  phases: TimedPhase[];
}

interface Shown {
  call: CallRow;
  parents: CallRow[];
  inputs: InputRow[];
}

export const command = defineCommand<Shown>({
  arguments: [{ name: "call", description: "Id of the call (fc-…)" }],
  options: [
    ...serverOptions,
    { name: "limit", value: "inputs", description: "The first so many inputs; else 20" },
  ],
  json: ({ call, parents, inputs }) => ({
    ...callJson(call),
    parents: parents.map(callJson),
    inputsShown: inputs.map(inputJson),
  }),

  async run(input, { config, signal }) {
    const limit = input.wholeNumber("limit", 1) ?? 0;
    using server = new ServerConnection(config);
    const functionCallId = input.argument("call");
    const { call, parents, inputs } = await server.operator.callShow({ functionCallId, limit }, { signal });
    const nowMs = wallClockMs();
    return {
      call: callRow(must(call, "the call in the server's answer")),
      parents: parents.map(callRow),
      inputs: inputs.map((each) => inputRow(each, nowMs)),
    };
  },

  render({ call, parents, inputs }, output) {
    const nowMs = wallClockMs();
    const [only] = call.inputs === 1 ? inputs : [];
    const ofInput: [string, string][] = only
      ? [
          ["Container", only.container],
          ["Attempts", attemptsText(only)],
          ["Result", only.state === "succeeded" ? formatBytes(only.resultBytes) : ""],
          ["Error", only.error],
        ]
      : [["Inputs", `${call.inputs}, ${call.unfinished} of them unfinished`]];
    output.print(
      renderFacts(
        [
          ["Call", call.callId],
          ["App", `${call.app} (${call.appId})`],
          ["Function", call.function],
          ["State", call.state],
          ["Created", `${isoTime(call.createdAt)} (${formatAgo(call.createdAt, nowMs)})`],
          ["Made by", parents.map((parent) => `${parent.function} (${parent.callId})`).join(" < ")],
          ...ofInput,
        ],
        output.colors,
      ),
    );
    if (only) printPhases(only, output);
    else if (inputs.length > 0) printInputs(call, inputs, output);
  },
});

function printPhases({ phases }: InputRow, output: Output): void {
  if (phases.length === 0) return;
  output.print(`\n${phaseBars(phases, { columns: output.columns, colors: output.colors })}`);
}

function printInputs(call: CallRow, inputs: InputRow[], output: Output): void {
  const time = (name: string) => (row: InputRow) => {
    const ms = row.phases
      .filter((phase) => phase.name === name)
      .reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    return ms === 0 ? "" : formatDuration(ms);
  };
  const table = renderTable<InputRow>(
    [
      { title: "Input", value: (row) => String(row.index), align: "right" },
      { title: "State", value: (row) => row.state },
      { title: "Attempts", value: attemptsText, align: "right" },
      { title: "Container", value: (row) => row.container },
      { title: "Waiting", value: time("waiting"), align: "right" },
      { title: "Starting", value: time("starting"), align: "right" },
      { title: "Running", value: time("running"), align: "right" },
      { title: "Error", value: (row) => row.error },
    ],
    inputs,
    output.colors,
  );
  output.print(`\n${table}`);
  if (inputs.length < call.inputs)
    output.note(`These are the first ${inputs.length} of ${call.inputs} inputs; --limit shows more.`);
}

function attemptsText({ attempts, retries, deaths }: InputRow): string {
  const why = [
    retries > 0 ? `${retries} after errors` : "",
    deaths > 0 ? `${deaths} after containers ended` : "",
  ].filter(Boolean);
  return why.length === 0 ? String(attempts) : `${attempts} (${why.join(", ")})`;
}

function inputRow(input: CallShowResponse_Input, nowMs: number): InputRow {
  return {
    inputId: input.inputId,
    index: input.idx,
    state: input.status,
    attempts: input.deliveries,
    retries: input.userRetries,
    deaths: input.deaths,
    container: input.taskId,
    createdAt: input.createdAt,
    startedAt: input.startedAt,
    finishedAt: input.finishedAt,
    retryAt: input.retryAt,
    error: input.error,
    resultBytes: Number(input.resultBytes),
    phases: callPhases(input, nowMs),
  };
}

function inputJson(row: InputRow) {
  return {
    ...row,
    createdAt: isoTime(row.createdAt),
    startedAt: isoTime(row.startedAt),
    finishedAt: isoTime(row.finishedAt),
    retryAt: isoTime(row.retryAt),
    phases: row.phases.map(({ name, startMs, endMs }) => ({ name, seconds: (endMs - startMs) / 1000 })),
  };
}
