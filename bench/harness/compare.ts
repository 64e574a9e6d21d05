/** One measured side of a comparison: returns milliseconds (or another unit where lower is better) for one round. */
export interface Side {
  name: string;
  round: () => Promise<number>;
}

export interface Comparison {
  title: string;
  unit: string;
  ours: Side;
  /** The peer or physical limit that we are held against. */
  against: Side;
  rounds: number;
  /** What we aim at for ours ÷ against. */
  aim: number;
}

export interface Outcome {
  title: string;
  unit: string;
  ours: { name: string; median: number; min: number; max: number };
  against: { name: string; median: number; min: number; max: number };
  /** Median of the ratios of neighbouring rounds, so that drift of the machine cancels out. */
  ratio: number;
  aim: number;
}

/** Runs both sides in turn, A B A B …, after one round of each that does not count. */
export async function compare(comparison: Comparison): Promise<Outcome> {
  const { ours, against, rounds } = comparison;
  await ours.round();
  await against.round();
  const a: number[] = [];
  const b: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    a.push(await ours.round());
    b.push(await against.round());
  }
  return {
    title: comparison.title,
    unit: comparison.unit,
    ours: { name: ours.name, ...summary(a) },
    against: { name: against.name, ...summary(b) },
    ratio: median(a.map((value, index) => value / (b[index] as number))),
    aim: comparison.aim,
  };
}

function median(values: number[]): number {
  const sorted = values.toSorted((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

function summary(values: number[]): { median: number; min: number; max: number } {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** A block of lines for a person. */
export function render(outcome: Outcome): string {
  const line = (side: Outcome["ours"]) =>
    `  ${side.name.padEnd(44)} median ${side.median.toFixed(3)} ${outcome.unit}  (${side.min.toFixed(3)} to ${side.max.toFixed(3)})`;
  return [
    outcome.title,
    line(outcome.ours),
    line(outcome.against),
    `  ratio ${outcome.ratio.toFixed(2)}   aim ≤ ${outcome.aim}`,
  ].join("\n");
}
