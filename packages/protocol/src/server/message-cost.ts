import {
  fromBinary,
  ScalarType,
  type DescField,
  type DescMessage,
  type DescMethod,
  type MessageShape,
} from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";

/** Smaller messages are decoded at once: they cannot cost much. */
const checkedBytes = 32 * 1024;

/**
 * What decoding one message may make: fields, items of lists, and for each message in it all the fields that it might have. A part takes
 * some 50 ns, so that nobody else waits for more than a fraction of a second; 100,000 files of a mount have as many.
 */
const maxParts = 1_000_000;

/** Parts that take longer: a message, an entry of a map, and a field that this version does not know, which is kept. */
const messageParts = 4;
const entryParts = 8;
const unknownParts = 8;

/** Messages within messages. */
const maxDepth = 64;

const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const fixed32 = 5;

/**
 * Refuses a message that would take seconds or gigabytes to decode, such as one that is full of empty messages. Reads lengths
 * alone, and not what is between them.
 *
 * @throws AppError MESSAGE_TOO_COMPLEX, MESSAGE_MALFORMED
 */
export function checkMessageCost(method: Pick<DescMethod, "name" | "input">, bytes: Uint8Array): void {
  if (bytes.length < checkedBytes) return;
  new Walk(bytes, method.name).message(method.input, bytes.length, 0);
}

class Walk {
  #bytes: Uint8Array;
  #method: string;
  #at = 0;
  #parts = 0;

  constructor(bytes: Uint8Array, method: string) {
    this.#bytes = bytes;
    this.#method = method;
  }

  message(desc: DescMessage, end: number, depth: number): void {
    if (depth > maxDepth) throw this.#tooComplex(`messages within messages more than ${maxDepth} deep`);
    const fields = fieldsOf(desc);
    this.#count(messageParts + desc.fields.length);
    while (this.#at < end) {
      const tag = this.#varint(end);
      const wireType = tag & 7;
      const field = fields.get(tag >>> 3);
      this.#count(field ? 1 : unknownParts);
      if (wireType === varint) this.#varint(end);
      else if (wireType === fixed64) this.#at += 8;
      else if (wireType === fixed32) this.#at += 4;
      else if (wireType === lengthDelimited) this.#delimited(field, end, depth);
      else throw malformed(this.#method);
      if (this.#at > end) throw malformed(this.#method);
    }
  }

  #delimited(field: DescField | undefined, end: number, depth: number): void {
    const length = this.#varint(end);
    const stop = this.#at + length;
    if (stop > end) throw malformed(this.#method);
    if (field?.message) this.message(field.message, stop, depth + 1);
    else if (field?.fieldKind === "map") this.#entry(field, stop, depth);
    // Packed: an item may be as short as a byte.
    else if (field?.fieldKind === "list" && !isText(field)) this.#count(length);
    this.#at = stop;
  }

  #entry(field: DescField, end: number, depth: number): void {
    this.#count(entryParts);
    while (this.#at < end) {
      const tag = this.#varint(end);
      const isMessage = tag === ((2 << 3) | lengthDelimited) && field.fieldKind === "map" && field.message;
      if ((tag & 7) === lengthDelimited) {
        const stop = this.#varint(end) + this.#at;
        if (stop > end) throw malformed(this.#method);
        if (isMessage) this.message(isMessage, stop, depth + 1);
        this.#at = stop;
      } else if ((tag & 7) === fixed64) this.#at += 8;
      else if ((tag & 7) === fixed32) this.#at += 4;
      else this.#varint(end);
    }
  }

  #varint(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined || this.#at >= end) throw malformed(this.#method);
      this.#at += 1;
      // Lengths and tags have 32 bits: what is above them only has to be passed over.
      if (shift < 35) value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed(this.#method);
  }

  #count(parts: number): void {
    this.#parts += parts;
    if (this.#parts > maxParts) throw this.#tooComplex(`more than ${maxParts} parts`);
  }

  #tooComplex(what: string): AppError {
    return new AppError("MESSAGE_TOO_COMPLEX", `The request of ${this.#method} has ${what}.`, {
      status: "RESOURCE_EXHAUSTED",
      remedy: "Divide it into several requests.",
    });
  }
}

const known = new WeakMap<DescMessage, Map<number, DescField>>();

function fieldsOf(desc: DescMessage): Map<number, DescField> {
  let fields = known.get(desc);
  if (!fields) {
    fields = new Map(desc.fields.map((field) => [field.number, field]));
    known.set(desc, fields);
  }
  return fields;
}

function isText(field: DescField): boolean {
  const textual: readonly unknown[] = [ScalarType.STRING, ScalarType.BYTES];
  return textual.includes(field.scalar);
}

/**
 * A message within a message that travels as bytes, which nobody has looked at before. `name`: of the call that it belongs to.
 *
 * @throws AppError MESSAGE_TOO_COMPLEX, MESSAGE_MALFORMED
 */
export function decodeInner<M extends DescMessage>(
  name: string,
  message: M,
  bytes: Uint8Array,
): MessageShape<M> {
  try {
    checkMessageCost({ name, input: message }, bytes);
    return fromBinary(message, bytes);
  } catch (error) {
    throw AppError.is(error) ? error : malformed(name, error);
  }
}

export function malformed(method: string, cause?: unknown): AppError {
  return new AppError("MESSAGE_MALFORMED", `The request of ${method} is not a message of its kind.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Check the versions of the client and the server.",
    cause,
  });
}
