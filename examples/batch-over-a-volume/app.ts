// Works through the files of a volume, many at a time, and does not do again what was done before.
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { App, Volume } from "dorian";
import { accessLog } from "./access-log.ts";

const volume = Volume.fromName("access-logs", { createIfMissing: true });
export const app = new App("batch-over-a-volume", { volumes: { "/logs": volume } });

/** What one day's log tells. */
interface Report {
  requests: number;
  failures: number;
  bytes: number;
  byHour: number[];
}

/** Days that have a log and no report. */
export const unread = app.function({ name: "unread" }, async () => {
  const [logs, reports] = await Promise.all(["/logs/raw", "/logs/reports"].map(daysIn));
  return (logs ?? []).filter((day) => !reports?.includes(day));
});

export const read = app.function(
  { name: "read", maxContainers: 4, scaledownWindow: 2 },
  async (day: string) => {
    const report: Report = {
      requests: 0,
      failures: 0,
      bytes: 0,
      byHour: Array.from({ length: 24 }, () => 0),
    };
    for await (const line of createInterface({ input: createReadStream(`/logs/raw/${day}.log`) })) {
      const [, hour, status, bytes] = /T(\d\d):\S+ \S+ \S+ (\d+) (\d+)$/.exec(line) ?? [];
      report.requests += 1;
      report.failures += Number(status) >= 500 ? 1 : 0;
      report.bytes += Number(bytes);
      report.byHour[Number(hour)] = (report.byHour[Number(hour)] ?? 0) + 1;
    }
    await mkdir("/logs/reports", { recursive: true });
    await writeFile(`/logs/reports/${day}.json`, JSON.stringify(report));
    return day;
  },
);

/** All reports in one. */
export const sumUp = app.function({ name: "sum-up" }, async () => {
  const reports = await Promise.all(
    (await daysIn("/logs/reports")).map(
      async (day) => JSON.parse(await readFile(`/logs/reports/${day}.json`, "utf8")) as Report,
    ),
  );
  return reports.reduce((sum, report) => ({
    requests: sum.requests + report.requests,
    failures: sum.failures + report.failures,
    bytes: sum.bytes + report.bytes,
    byHour: sum.byHour.map((count, hour) => count + (report.byHour[hour] ?? 0)),
  }));
});

async function daysIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.map((name) => name.replace(/\.\w+$/, "")).toSorted();
}

app.localEntrypoint(async (days = 12) => {
  await volume.batchUpload(
    (batch) => {
      for (let day = 1; day <= days; day += 1) {
        const date = `2026-05-${String(day).padStart(2, "0")}`;
        batch.putFile(Buffer.from(accessLog(date)), `/raw/${date}.log`);
      }
    },
    { force: true },
  );

  const todo = await unread.remote();
  let done = 0;
  for await (const day of read.map(todo, { ordered: false })) {
    done += 1;
    console.error(`read ${day} (${done} of ${todo.length})`);
  }

  const { requests, failures, bytes, byHour } = await sumUp.remote();
  console.log(
    `${days} days, ${todo.length} of them new: ${requests} requests, ${(bytes / 1e6).toFixed(1)} MB,`,
  );
  console.log(`${((100 * failures) / requests).toFixed(2)} % failed. By the hour of the day:`);
  const most = Math.max(...byHour);
  for (const [hour, count] of byHour.entries()) {
    console.log(`${String(hour).padStart(2, "0")}  ${"█".repeat(Math.round((60 * count) / most))} ${count}`);
  }
});
