import { wallClockMs } from "@dorian/base/wall-clock";
import type { AuditLogCursor, AuditLogEntry } from "@dorian/protocol/modal";
import { defineCommand } from "../../command.ts";
import { formatAgo } from "../../output/duration.ts";
import { renderTable } from "../../output/table.ts";
import { ServerConnection } from "../../server-connection.ts";
import { connectionOptions } from "../../server-options.ts";

interface AuditRow {
  /** ISO 8601. */
  at: string;
  action: string;
  status: string;
  /** Name of the token, or id of the container. */
  actor: string;
  environment: string;
  targets: string[];
  address: string;
  /** Code of the error that it ended with. */
  error: string;
}

const usualSecs = 7 * 86_400;
const usualLimit = 100;

export const command = defineCommand<AuditRow[]>({
  options: [
    ...connectionOptions,
    { name: "since", value: "time", description: "How far back, such as 12h or 30d; else 7d" },
    { name: "token", value: "token", description: "What was done with this token, by name or id" },
    { name: "action", value: "action", description: "What was done in this way, such as app.deploy" },
    { name: "limit", value: "entries", description: "The newest so many; else 100" },
  ],
  notes: [
    "The server keeps 90 days, and at most 100,000 entries. A token of one environment sees what happened there.",
  ],
  json: (rows) => rows,

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const nowMs = wallClockMs();
    const token = input.option("token");
    const action = input.option("action");
    const q = [token && `actor:"${token}"`, action && `action:"${action}"`].filter(Boolean).join(" ");
    const limit = input.wholeNumber("limit", 1) ?? usualLimit;
    const oldestMs = BigInt(nowMs - (input.lengthOfTime("since") ?? usualSecs) * 1000);
    const rows: AuditRow[] = [];
    for (let newestCursor: AuditLogCursor | undefined; rows.length < limit;) {
      const request = { q, oldestMs, limit: limit - rows.length };
      const page = await server.modal.auditLogList(newestCursor ? { ...request, newestCursor } : request, {
        signal,
      });
      rows.push(...page.items.map(rowOf));
      newestCursor = page.nextCursor;
      if (!newestCursor) break;
    }
    return rows;
  },

  render(rows, output) {
    const nowMs = wallClockMs();
    output.print(
      renderTable<AuditRow>(
        [
          { title: "When", value: (row) => formatAgo(Date.parse(row.at) / 1000, nowMs) },
          { title: "Who", value: (row) => row.actor },
          { title: "What", value: (row) => row.action },
          {
            title: "Result",
            value: (row) => (row.error === "" ? row.status : `${row.status}: ${row.error}`),
          },
          { title: "To what", value: (row) => row.targets.join(" ") },
          { title: "Environment", value: (row) => row.environment },
          { title: "From", value: (row) => row.address },
        ],
        rows,
        output.colors,
      ),
    );
  },
});

function rowOf(entry: AuditLogEntry): AuditRow {
  const { error = "" } = JSON.parse(entry.metadataJson) as { error?: string };
  return {
    at: entry.eventAt,
    action: entry.action,
    status: entry.status,
    actor: entry.actor?.name || entry.actor?.id || entry.actor?.type || "",
    environment: entry.context?.environmentName ?? "",
    targets: entry.targets.map(({ id }) => id),
    address: entry.context?.ipAddress ?? "",
    error,
  };
}
