import { wallClockMs } from "@dorian/base/wall-clock";
import { defineCommand } from "../../command.ts";
import { UsageError } from "../../input.ts";
import { formatAgo, formatDuration } from "../../output/duration.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { callJson, callRow, type CallRow } from "../../state/call-row.ts";
import { requireApp } from "../../lookup/require-app.ts";
import { requireFunction } from "../../lookup/require-function.ts";

const usualLimit = 50;
const mostAtOnce = 1_000;
const statuses = ["waiting", "running", "succeeded", "failed", "timeout", "cancelled", "expired"] as const;

export const command = defineCommand<CallRow[]>({
  options: [
    ...serverOptions,
    { name: "app", value: "app", description: "Only those of this app (name or id)" },
    { name: "function", value: "name", description: "Only those of this function or class of the app" },
    { name: "status", value: "status", description: `Only those that are ${statuses.join(", ")}` },
    { name: "since", value: "time", description: "Only those made since then: 2h (ago), 2026-11-30T08:15" },
    { name: "limit", value: "calls", description: "The newest so many; else 50" },
  ],
  notes: [
    "A call is one invocation, with one or many inputs. Calls are kept for 7 days, unless newer ones need their room.",
  ],
  json: (calls) => calls.map(callJson),

  async run(input, { config, signal }) {
    const since = (input.moment("since", wallClockMs()) ?? 0) / 1000;
    const limit = input.wholeNumber("limit", 1) ?? usualLimit;
    const status = input.choice("status", statuses) ?? "";
    const app = input.option("app");
    const name = input.option("function");
    if (name !== undefined && app === undefined)
      throw new UsageError("--function names a function of an app.", "say of which: --app NAME.");
    using server = new ServerConnection(config);
    const appId = app === undefined ? "" : await requireApp(server, app, { signal, stopped: true });
    const functionId = name === undefined ? "" : await requireFunction(server, appId, name, { signal });
    const { environment: environmentName = "" } = config;
    const rows: CallRow[] = [];
    for (let cursor = ""; rows.length < limit;) {
      const page = await server.operator.callList(
        {
          appId,
          functionId,
          environmentName,
          status,
          since,
          cursor,
          limit: Math.min(limit - rows.length, mostAtOnce),
        },
        { signal },
      );
      rows.push(...page.calls.map(callRow));
      cursor = page.cursor;
      if (cursor === "") break;
    }
    return rows;
  },

  render(calls, output) {
    if (calls.length === 0) {
      output.note("No such calls are kept.");
      return;
    }
    const nowMs = wallClockMs();
    output.print(
      renderTable<CallRow>(
        [
          { title: "Call", value: (row) => row.callId },
          { title: "App", value: (row) => row.app },
          { title: "Function", value: (row) => row.function },
          { title: "State", value: (row) => row.state },
          { title: "Inputs", value: inputsText, align: "right" },
          { title: "Created", value: (row) => formatAgo(row.createdAt, nowMs) },
          { title: "Took", value: (row) => tookText(row, nowMs), align: "right" },
        ],
        calls,
        output.colors,
      ),
    );
  },
});

/** "3 of 10": of so many, so many are done. */
function inputsText({ inputs, unfinished }: CallRow): string {
  return unfinished === 0 || inputs === 1 ? String(inputs) : `${inputs - unfinished} of ${inputs}`;
}

function tookText({ createdAt, finishedAt, unfinished }: CallRow, nowMs: number): string {
  if (finishedAt > 0) return formatDuration(Math.max(0, finishedAt - createdAt) * 1000);
  return unfinished > 0 ? `${formatDuration(Math.max(0, nowMs - createdAt * 1000))} …` : "-";
}
