/** Largest part of an upload. */
export const partBytes = 64 * 1024 ** 2;

/** Parts that an upload of `size` bytes has: an empty one has one, too. */
export function partCount(size: number): number {
  return Math.max(1, Math.ceil(size / partBytes));
}
