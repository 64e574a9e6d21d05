/** The numbers of the tags of CBOR that values are sent with, from the registry of CBOR tags. */
export const tags = {
  textDate: 0,
  epochDate: 1,
  positiveBignum: 2,
  negativeBignum: 3,
  /** A list that begins with the name of a class. */
  instance: 27,
  set: 258,
  /** A map that is none of strings alone to JavaScript: what the official JavaScript client sends. */
  map: 259,
  /**
   * "This is CBOR": every reader passes over it. Here it marks a form that only JavaScript has of the item after it: of bytes a
   * Buffer (twice: an ArrayBuffer), of undefined a hole in an array, of text, numbers and booleans their boxed form, and at the
   * first key of a map that it is a Map, not an object (twice: an object without a prototype). An empty map bears it itself.
   */
  mark: 55_799,
} as const;

/** Arrays of numbers, lowest byte first (RFC 8746). */
export const typedArrayTags: ReadonlyMap<string, number> = new Map([
  ["Uint8ClampedArray", 68],
  ["Uint16Array", 69],
  ["Uint32Array", 70],
  ["BigUint64Array", 71],
  ["Int8Array", 72],
  ["Int16Array", 77],
  ["Int32Array", 78],
  ["BigInt64Array", 79],
  ["Float16Array", 84],
  ["Float32Array", 85],
  ["Float64Array", 86],
]);

/** What others put under tags for which JavaScript has no value, and what they can send instead. */
export const foreignTags: ReadonlyMap<number, readonly [what: string, instead: string]> = new Map([
  [4, ["a decimal number (Decimal)", "a string or a float"]],
  [5, ["a big float", "a float"]],
  [28, ["a value that is shared or refers back to itself", "data without circles"]],
  [30, ["a fraction", "a string or a float"]],
  [35, ["a regular expression of another language", "its text"]],
  [37, ["a UUID", "its text, str(uuid)"]],
  [52, ["an IP address", "its text"]],
  [54, ["an IP address", "its text"]],
  [100, ["a date without a time", "its text, date.isoformat()"]],
  [260, ["an IP address", "its text"]],
  [261, ["an IP network", "its text"]],
  [1004, ["a date without a time", "its text, date.isoformat()"]],
  [43_000, ["a complex number", "its two parts"]],
]);
