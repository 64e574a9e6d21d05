/** What one kind of fault did. */
export interface FaultRecord {
  turns: number;
  /** Deeds that began before the fault was over, by how they went. */
  done: number;
  /** Done in the end. */
  refused: number;
  /** Generators whose container was lost after they had yielded. */
  told: number;
  /** Inputs that were accepted then, and of them those that were handed out more than once. */
  inputs: number;
  repeated: number;
  lost: string[];
  /** Things of containers that have ended. */
  leaks: string[];
  /** Milliseconds from the fault's end to the result of a call made then. */
  recoveries: number[];
}

export interface ChaosReport {
  seed: number;
  minutes: number;
  faults: Record<string, FaultRecord>;
  /** Inputs that were handed out again although no fault had ended their container. */
  unexplained: string[];
  /** What was still there when everything had been stopped. */
  leftovers: string[];
}

export function newRecord(): FaultRecord {
  return {
    turns: 0,
    done: 0,
    refused: 0,
    told: 0,
    inputs: 0,
    repeated: 0,
    lost: [],
    leaks: [],
    recoveries: [],
  };
}

export function isClean(report: ChaosReport): boolean {
  return (
    report.leftovers.length === 0 &&
    report.unexplained.length === 0 &&
    Object.values(report.faults).every(({ lost, leaks }) => lost.length === 0 && leaks.length === 0)
  );
}

const columns: Record<string, (record: FaultRecord) => string> = {
  turns: ({ turns }) => String(turns),
  done: ({ done }) => String(done),
  lost: ({ lost }) => String(lost.length),
  "refused, then done": ({ refused }) => String(refused),
  "generators ended": ({ told }) => String(told),
  inputs: ({ inputs }) => String(inputs),
  repeated: ({ repeated }) => String(repeated),
  "recovery, median": ({ recoveries }) => seconds(quantile(recoveries, 0.5)),
  p95: ({ recoveries }) => seconds(quantile(recoveries, 0.95)),
  leaks: ({ leaks }) => String(leaks.length),
};

/** As a table in Markdown, and what was lost or leaked below it. */
export function renderReport(report: ChaosReport): string {
  const titles = ["fault", ...Object.keys(columns)];
  const records = Object.entries(report.faults);
  const rows = records.map(([name, record]) => [
    name,
    ...Object.values(columns).map((column) => column(record)),
  ]);
  const total = (of: (record: FaultRecord) => number) =>
    records.reduce((sum, [, record]) => sum + of(record), 0);
  const lines = [titles, titles.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  return [
    ...lines,
    "",
    `${report.minutes} min with seed ${report.seed}: ${total(({ done }) => done)} deeds, ${total(({ inputs }) => inputs)} inputs, ` +
      `${total(({ repeated }) => repeated)} of them handed out more than once (${report.unexplained.length} unexplained), ${report.leftovers.length} things left at the end.`,
    ...records.flatMap(([name, { lost, leaks }]) => [
      ...lost.map((why) => `LOST (${name}): ${why}`),
      ...leaks.map((leak) => `LEAKED (${name}): ${leak}`),
    ]),
    ...report.unexplained.map((what) => `UNEXPLAINED: ${what}`),
    ...report.leftovers.map((leftover) => `LEFT AT THE END: ${leftover}`),
  ].join("\n");
}

function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function seconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "" : `${(milliseconds / 1000).toFixed(1)} s`;
}
