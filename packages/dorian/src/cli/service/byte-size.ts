import { UsageError } from "../input.ts";

const factors: Record<string, number> = {
  m: 1,
  mib: 1,
  mb: 1,
  g: 1024,
  gib: 1024,
  gb: 1024,
  t: 1024 ** 2,
  tib: 1024 ** 2,
};

/**
 * An amount of memory as people write it ("512m", "16 GiB", "2g") in MiB.
 *
 * @throws UsageError
 */
export function parseMebibytes(text: string, option: string): number {
  const [, digits = "", unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = unit === "" ? undefined : factors[unit.toLowerCase()];
  if (digits === "" || factor === undefined || Number(digits) === 0) {
    throw new UsageError(`--${option} takes an amount such as 512m or 16g, not "${text}".`);
  }
  return Math.round(Number(digits) * factor);
}
