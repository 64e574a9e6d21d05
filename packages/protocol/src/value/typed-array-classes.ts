/** The classes of arrays of numbers, but that of bytes, which every language has. */
export const typedArrayClasses = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float16Array,
  Float32Array,
  Float64Array,
] as const;
