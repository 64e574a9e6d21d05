import { formatBytes } from "../../format-bytes.ts";
import { formatDuration } from "./duration.ts";
import type { Colors } from "./output.ts";

export interface ByteProgress {
  /** What is on its way; empty when it has no name. */
  name: string;
  doneBytes: number;
  totalBytes: number;
  elapsedMs: number;
}

const longestName = 40;

/** What a line may consist of, the fullest first: the first that fits is shown. */
const layouts = [
  { name: longestName, bar: 24, numbers: 4 },
  { name: 24, bar: 12, numbers: 4 },
  { name: 16, bar: 12, numbers: 3 },
  { name: 12, bar: 8, numbers: 2 },
  { name: 8, bar: 0, numbers: 2 },
  { name: 0, bar: 0, numbers: 2 },
  { name: 0, bar: 0, numbers: 1 },
];

/** `weights.safetensors  ━━━━━━━━───── 48%  1.2 GiB of 2.5 GiB  310 MiB/s  4 s left`, or as much of that as `columns` hold. */
export function renderByteProgress(progress: ByteProgress, columns: number, colors: Colors): string {
  const share = shareOf(progress);
  const numbers = numbersOf(progress);
  for (const layout of layouts) {
    const name = shorten(progress.name, layout.name);
    const filled = Math.round(share * layout.bar);
    const bar = ["━".repeat(filled), "─".repeat(layout.bar - filled)] as const;
    const rest = [...(layout.bar > 0 ? [" "] : []), numbers.slice(0, layout.numbers).join("  ")].join("");
    const head = name === "" ? "" : `${name} `;
    if (head.length + layout.bar + rest.length < columns)
      return `${head}${colors.green(bar[0])}${colors.dim(bar[1])}${rest}`;
  }
  return "";
}

/** The same in words, for where lines stay: `1.2 GiB of 2.5 GiB, 48%, 310 MiB/s, 4 s left`. */
export function byteProgressText(progress: ByteProgress): string {
  const [share = "", amount = "", ...pace] = numbersOf(progress);
  return [amount, share.trim(), ...pace].join(", ");
}

function shareOf({ doneBytes, totalBytes }: ByteProgress): number {
  return totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
}

function numbersOf(progress: ByteProgress): string[] {
  const { doneBytes, totalBytes, elapsedMs } = progress;
  const numbers = [
    `${String(Math.floor(shareOf(progress) * 100)).padStart(3)}%`,
    `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
  ];
  const rate = elapsedMs > 0 ? (doneBytes / elapsedMs) * 1000 : 0;
  if (rate > 0) {
    numbers.push(`${formatBytes(Math.round(rate))}/s`);
    if (doneBytes < totalBytes)
      numbers.push(`${formatDuration(Math.ceil((totalBytes - doneBytes) / rate) * 1000)} left`);
  }
  return numbers;
}

function shorten(name: string, width: number): string {
  if (name.length <= width) return name;
  return width < 2 ? "" : `…${name.slice(name.length - width + 1)}`;
}
