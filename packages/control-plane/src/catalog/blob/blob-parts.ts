/** Largest part of an upload. */
export const partBytes = 64 * 1024 ** 2;

/** Parts that an upload of `size` bytes has: an empty one has one, too. */
export function partCount(size: number): number {
  return Math.max(1, Math.ceil(size / partBytes));
}

/** Bytes of the part `index` of an upload of `size` bytes. */
export function bytesOfPart(index: number, size: number): number {
  return Math.min(partBytes, size - index * partBytes);
}
