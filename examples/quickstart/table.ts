import type { StartTimeline } from "dorian";

export interface Measurements {
  firstStart: StartTimeline;
  secondStart: StartTimeline;
  coldCallMs: number;
  warmCallMs: number;
  secondColdCallMs: number;
}

/** Runs something and says how long it took. */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; milliseconds: number }> {
  const start = performance.now();
  const value = await work();
  return { value, milliseconds: performance.now() - start };
}

/** Where the time went, by phase; the phases of a start add up to its total. */
export function printTable({
  firstStart,
  secondStart,
  coldCallMs,
  warmCallMs,
  secondColdCallMs,
}: Measurements): void {
  const total = (start: StartTimeline) =>
    start.phases.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const row = (name: string, first: number, second: number) =>
    console.log(`  ${name.padEnd(26)}${ms(first)}${ms(second)}`);
  console.log(`\n  ${"".padEnd(26)}${"first start".padStart(14)}${"second start".padStart(14)}`);
  console.log(`  ${"image build".padEnd(26)}${ms(firstStart.imageBuildMs)}${"the same".padStart(14)}`);
  for (const [index, phase] of firstStart.phases.entries())
    row(phase.name, phase.milliseconds, secondStart.phases[index]?.milliseconds ?? 0);
  row("cold start, in all", total(firstStart), total(secondStart));
  row("cold call, as the caller saw", coldCallMs, secondColdCallMs);
  console.log(`  ${"warm call".padEnd(26)}${ms(warmCallMs)}`);
  console.log(
    `  ${"bytes copied to start".padEnd(26)}${String(firstStart.bytesCopied).padStart(14)}${String(secondStart.bytesCopied).padStart(14)}`,
  );
}

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(1)} ms`.padStart(14);
}
