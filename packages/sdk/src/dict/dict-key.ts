/**
 * What a value of a dict is found by: at most 32 KiB. Whole numbers are `int` to Python, other numbers `float`, and bytes are `bytes`;
 * 1 and 1n are one key.
 *
 * @example
 * const keys: DictKey[] = ["color", 7, 2n ** 70n, true, null, Buffer.from([1, 2])];
 */
export type DictKey = string | number | bigint | boolean | null | Uint8Array;
