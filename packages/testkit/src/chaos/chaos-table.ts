/** What one kind of fault did. */
export interface FaultRecord {
  turns: number;
  /** Deeds that began before the fault was over, by how they went. */
  done: number;
  /** Done in the end. */
  refused: number;
  /** Generators whose container was lost after they had yielded. */
  told: number;
  lost: string[];
  /** Milliseconds from the fault's end to the result of a call made then. */
  recoveries: number[];
}

export interface ChaosReport {
  seed: number;
  minutes: number;
  faults: Record<string, FaultRecord>;
  /** Inputs that were handed out more than once. */
  repeated: number;
  inputs: number;
  leaks: string[];
}

export function newRecord(): FaultRecord {
  return { turns: 0, done: 0, refused: 0, told: 0, lost: [], recoveries: [] };
}

export function isClean(report: ChaosReport): boolean {
  return report.leaks.length === 0 && Object.values(report.faults).every(({ lost }) => lost.length === 0);
}

/** As a table in Markdown, and what was lost or leaked below it. */
export function renderReport(report: ChaosReport): string {
  const rows = Object.entries(report.faults).map(([name, record]) => [
    name,
    String(record.turns),
    String(record.done),
    String(record.lost.length),
    String(record.refused),
    String(record.told),
    seconds(quantile(record.recoveries, 0.5)),
    seconds(quantile(record.recoveries, 0.95)),
  ]);
  const titles = [
    "fault",
    "turns",
    "done",
    "lost",
    "refused, then done",
    "generators ended",
    "recovery, median",
    "p95",
  ];
  const lines = [titles, titles.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  const { seed, minutes, inputs, repeated, leaks } = report;
  return [
    ...lines,
    "",
    `${minutes} min with seed ${seed}: ${inputs} inputs, ${repeated} of them handed out more than once, ${leaks.length} leaks.`,
    ...Object.entries(report.faults).flatMap(([name, { lost }]) =>
      lost.map((why) => `LOST (${name}): ${why}`),
    ),
    ...leaks.map((leak) => `LEAKED: ${leak}`),
  ].join("\n");
}

function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function seconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "" : `${(milliseconds / 1000).toFixed(1)} s`;
}
