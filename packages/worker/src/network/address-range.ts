import { AppError } from "@dorian/base/app-error";

/** An IPv4 range as its first address, as a number, and the length of its prefix. */
export interface Range {
  first: number;
  prefix: number;
}

/** How many containers a /20 has addresses for: not its first and last, nor the gateway's. */
export const usableAddresses = 4096 - 3;

const prefix = 20;

/**
 * A private /20 that overlaps none of `taken`. Where the search starts depends on `instance` (hex), so that two workers
 * which start at the same moment choose different ones. Pure.
 */
export function chooseRange(instance: string, taken: Range[]): Range {
  const candidates = [...rangesIn("10.64.0.0/10"), ...rangesIn("172.16.0.0/12"), ...rangesIn("10.128.0.0/9")];
  const start = Number.parseInt(instance, 16) % rangesIn("10.64.0.0/10").length;
  for (let offset = 0; offset < candidates.length; offset += 1) {
    const candidate = candidates[(start + offset) % candidates.length];
    if (candidate && !taken.some((range) => overlap(range, candidate))) return candidate;
  }
  throw new AppError(
    "NETWORK_RANGE_MISSING",
    "Every private address range is routed elsewhere on this machine.",
    {
      remedy: "Free a /20 in 10.64.0.0/10, 172.16.0.0/12 or 10.128.0.0/9 (see `ip route show table all`).",
    },
  );
}

/** @example parseRange("10.0.0.5/8") // { first: 0x0a000000, prefix: 8 }; without "/" a single address. Undefined for IPv6. */
export function parseRange(text: string): Range | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(text);
  if (!match) return undefined;
  const address = match.slice(1, 5).reduce((sum, part) => sum * 256 + Number(part), 0);
  const length = Number(match[5] ?? 32);
  const size = 2 ** (32 - length);
  return { first: address - (address % size), prefix: length };
}

/** The address number `index` of a range, in dots. */
export function addressIn(range: Range, index: number): string {
  const value = range.first + index;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

export function formatRange(range: Range): string {
  return `${addressIn(range, 0)}/${range.prefix}`;
}

function rangesIn(text: string): Range[] {
  const whole = parseRange(text);
  if (!whole) return [];
  return Array.from({ length: 2 ** (prefix - whole.prefix) }, (_, index) => ({
    first: whole.first + index * 2 ** (32 - prefix),
    prefix,
  }));
}

function overlap(one: Range, other: Range): boolean {
  // The default route is not an obstacle: anything more specific wins over it.
  if (one.prefix === 0 || other.prefix === 0) return false;
  const size = 2 ** (32 - Math.min(one.prefix, other.prefix));
  return Math.floor(one.first / size) === Math.floor(other.first / size);
}
