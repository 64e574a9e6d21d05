import { formatBytes } from "../../format-bytes.ts";
import { formatDuration } from "./duration.ts";
import type { Colors } from "./output.ts";

export interface ByteProgress {
  name: string;
  doneBytes: number;
  totalBytes: number;
  elapsedMs: number;
}

const barWidth = 24;

/** `weights.safetensors  ━━━━━━━━───── 48%  1.2 GiB of 2.5 GiB  310 MiB/s  4 s left` */
export function renderByteProgress(progress: ByteProgress, nameWidth: number, colors: Colors): string {
  const { name, doneBytes, totalBytes, elapsedMs } = progress;
  const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
  const filled = Math.round(share * barWidth);
  const bar = colors.green("━".repeat(filled)) + colors.dim("─".repeat(barWidth - filled));
  const parts = [
    `${shorten(name, nameWidth).padEnd(nameWidth)} ${bar}`,
    `${String(Math.floor(share * 100)).padStart(3)}%`,
    `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
  ];
  const rate = elapsedMs > 0 ? (doneBytes / elapsedMs) * 1000 : 0;
  if (rate > 0) {
    parts.push(`${formatBytes(Math.round(rate))}/s`);
    if (doneBytes < totalBytes) {
      parts.push(`${formatDuration(Math.ceil((totalBytes - doneBytes) / rate) * 1000)} left`);
    }
  }
  return parts.join("  ");
}

function shorten(name: string, width: number): string {
  return name.length <= width ? name : `…${name.slice(name.length - width + 1)}`;
}
