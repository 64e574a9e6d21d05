/** Tags of the few kinds of values that a certificate is made of. */
const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** A value in DER, the encoding of certificates: its tag, its length, its content. */
export function tagged(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

export const sequence = (...items: Uint8Array[]) => tagged(tag.sequence, ...items);
export const set = (...items: Uint8Array[]) => tagged(tag.set, ...items);
export const octets = (bytes: Uint8Array) => tagged(tag.octetString, bytes);
export const text = (value: string) => tagged(tag.utf8, Buffer.from(value));
export const yes = () => tagged(tag.boolean, Buffer.from([0xff]));

/** A positive number, from its bytes. */
export function integer(bytes: Uint8Array): Buffer {
  const significant = bytes.subarray(
    Math.max(
      0,
      bytes.findIndex((byte) => byte !== 0),
    ),
  );
  // The first bit would be the sign.
  return tagged(tag.integer, Buffer.from((significant[0] ?? 0) >= 0x80 ? [0] : []), significant);
}

export function bits(bytes: Uint8Array, options: { unused?: number } = {}): Buffer {
  return tagged(tag.bitString, Buffer.from([options.unused ?? 0]), bytes);
}

/** `"2.5.4.3"` */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tagged(tag.objectId, Buffer.from([first * 40 + second, ...rest.flatMap(inSevenBits)]));
}

/** Years have two digits up to 2049 and four from then on: readers insist. */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return new Date(ms).getUTCFullYear() < 2050
    ? tagged(tag.utcTime, Buffer.from(digits.slice(2)))
    : tagged(tag.generalizedTime, Buffer.from(digits));
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function inSevenBits(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.unshift((rest & 0x7f) | 0x80);
  }
  return bytes;
}
