/** Absent in Node 22 and older: programs there meet no such array. */
const halfFloats = typeof Float16Array === "undefined" ? [] : [Float16Array];

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
  ...halfFloats,
  Float32Array,
  Float64Array,
];
