import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/**
 * Messages from tables, with the shapes and the functions (`create`, `toBinary`, `fromBinary`) of protobuf-es, which it stands in
 * for in the guest: reading descriptors takes protobuf-es longer than Node takes to boot. Fields unknown to a table
 * are dropped.
 */
export interface LeanSchema {
  typeName: string;
  /** Parsed at the first call. */
  fields: () => readonly LeanField[];
}

/** Numbers of the protobuf field types. */
export const leanType = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  bool: 8,
  string: 9,
  message: 11,
  bytes: 12,
  uint32: 13,
  enum: 14,
} as const;

/** How a field stands in its message: `oneof` and `map` have their group and key type as `detail`. */
export type LeanShape = "implicit" | "optional" | "list" | "map" | "oneof";

export type LeanField = readonly [
  name: string,
  number: number,
  type: number,
  shape: LeanShape,
  detail: string,
  message: LeanSchema | undefined,
];

/**
 * A message's table from text: fields divided by semicolons, each with name, number, type, shape and detail divided by commas.
 * `messages` gives the tables of its fields that are messages, in order.
 */
export function table(typeName: string, text: string, messages?: () => LeanSchema[]): LeanSchema {
  let fields: LeanField[] | undefined;
  return { typeName, fields: () => (fields ??= fieldsOf(text, messages?.() ?? [])) };
}

function fieldsOf(text: string, messages: LeanSchema[]): LeanField[] {
  if (text === "") return [];
  let next = 0;
  return text.split(";").map((row) => {
    const [name = "", number, type, shape, detail = ""] = row.split(",");
    const message = Number(type) === leanType.message ? messages[next++] : undefined;
    return [name, Number(number), Number(type), shape as LeanShape, detail, message];
  });
}

type Values = Record<string, unknown>;
type Group = { case: string | undefined; value?: unknown };

export function create(schema: LeanSchema, init?: Values): Values {
  if (init && init["$typeName"] === schema.typeName) return init;
  const out: Values = { $typeName: schema.typeName };
  for (const field of schema.fields()) {
    const [name, , type, shape, detail, message] = field;
    if (shape === "oneof") {
      out[detail] ??= { case: undefined };
      const group = init?.[detail] as Group | undefined;
      if (group?.case === name) out[detail] = { case: name, value: initial(message, group.value) };
      continue;
    }
    const given = init?.[name];
    if (given === undefined || given === null) {
      if (shape !== "optional") out[name] = empty(shape, type);
    } else if (shape === "list")
      out[name] = message ? (given as Values[]).map((item) => create(message, item)) : given;
    else if (shape === "map") {
      const entries = Object.entries(given as Values).map(([key, item]) => [key, initial(message, item)]);
      out[name] = Object.fromEntries(entries);
    } else out[name] = initial(message, given);
  }
  return out;
}

export function toBinary(schema: LeanSchema, message: Values): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, schema, message);
  return writer.finish();
}

export function fromBinary(schema: LeanSchema, bytes: Uint8Array): Values {
  return readMessage(new BinaryReader(bytes), schema, bytes.length);
}

function initial(message: LeanSchema | undefined, value: unknown): unknown {
  return message ? create(message, value as Values) : value;
}

function empty(shape: LeanShape, type: number): unknown {
  if (shape === "list") return [];
  if (shape === "map") return {};
  return zero(type);
}

function zero(type: number): unknown {
  if (type === leanType.string) return "";
  if (type === leanType.bytes) return new Uint8Array();
  if (type === leanType.bool) return false;
  if (type === leanType.int64 || type === leanType.uint64) return 0n;
  return 0;
}

function isZero(value: unknown): boolean {
  return value instanceof Uint8Array
    ? value.length === 0
    : value === "" || value === false || value === 0n || Object.is(value, 0);
}

function writeMessage(writer: BinaryWriter, schema: LeanSchema, message: Values): void {
  for (const field of schema.fields()) {
    const [name, number, type, shape, detail, nested] = field;
    if (shape === "oneof") {
      const group = message[detail] as Group | undefined;
      if (group?.case === name) writeField(writer, number, type, group.value, nested);
      continue;
    }
    const value = message[name];
    if (value === undefined || (shape === "implicit" && isZero(value))) continue;
    if (shape === "list") writeList(writer, number, type, value as unknown[], nested);
    else if (shape === "map") writeMap(writer, field, value as Values);
    else writeField(writer, number, type, value, nested);
  }
}

function writeList(
  writer: BinaryWriter,
  number: number,
  type: number,
  items: unknown[],
  nested?: LeanSchema,
): void {
  if (items.length === 0) return;
  if (wireTypeOf(type) === WireType.LengthDelimited) {
    for (const item of items) writeField(writer, number, type, item, nested);
    return;
  }
  writer.tag(number, WireType.LengthDelimited).fork();
  for (const item of items) writeScalar(writer, type, item);
  writer.join();
}

function writeMap(writer: BinaryWriter, field: LeanField, entries: Values): void {
  const [, number, type, , keyType, nested] = field;
  for (const [key, value] of Object.entries(entries)) {
    writer.tag(number, WireType.LengthDelimited).fork();
    writeField(writer, 1, Number(keyType), Number(keyType) === leanType.string ? key : Number(key));
    writeField(writer, 2, type, value, nested);
    writer.join();
  }
}

function writeField(
  writer: BinaryWriter,
  number: number,
  type: number,
  value: unknown,
  nested?: LeanSchema,
): void {
  writer.tag(number, wireTypeOf(type));
  if (!nested) {
    writeScalar(writer, type, value);
    return;
  }
  writer.fork();
  writeMessage(writer, nested, value as Values);
  writer.join();
}

function writeScalar(writer: BinaryWriter, type: number, value: unknown): void {
  if (type === leanType.string) writer.string(value as string);
  else if (type === leanType.bytes) writer.bytes(value as Uint8Array);
  else if (type === leanType.bool) writer.bool(value as boolean);
  else if (type === leanType.uint32) writer.uint32(value as number);
  else if (type === leanType.int64) writer.int64(value as bigint);
  else if (type === leanType.uint64) writer.uint64(value as bigint);
  else if (type === leanType.double) writer.double(value as number);
  else if (type === leanType.float) writer.float(value as number);
  else writer.int32(value as number);
}

function readMessage(reader: BinaryReader, schema: LeanSchema, length: number): Values {
  const message = create(schema);
  const fields = schema.fields();
  const end = reader.pos + length;
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = fields.find((candidate) => candidate[1] === number);
    if (field) readField(reader, message, field, wireType);
    else reader.skip(wireType, number);
  }
  return message;
}

function readField(reader: BinaryReader, message: Values, field: LeanField, wireType: WireType): void {
  const [name, , type, shape, detail, nested] = field;
  if (shape === "oneof") message[detail] = { case: name, value: readValue(reader, type, nested) };
  else if (shape === "map") readEntry(reader, message[name] as Values, field);
  else if (shape !== "list") message[name] = readValue(reader, type, nested);
  else if (wireType === WireType.LengthDelimited && wireTypeOf(type) !== WireType.LengthDelimited) {
    const end = reader.uint32() + reader.pos;
    while (reader.pos < end) (message[name] as unknown[]).push(readValue(reader, type));
  } else (message[name] as unknown[]).push(readValue(reader, type, nested));
}

function readEntry(reader: BinaryReader, into: Values, field: LeanField): void {
  const [, , type, , keyType, nested] = field;
  const end = reader.uint32() + reader.pos;
  let key = zero(Number(keyType));
  let value = nested ? create(nested) : zero(type);
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    if (number === 1) key = readValue(reader, Number(keyType));
    else if (number === 2) value = readValue(reader, type, nested);
    else reader.skip(wireType, number);
  }
  into[String(key)] = value;
}

function readValue(reader: BinaryReader, type: number, nested?: LeanSchema): unknown {
  if (nested) return readMessage(reader, nested, reader.uint32());
  if (type === leanType.string) return reader.string();
  if (type === leanType.bytes) return reader.bytes();
  if (type === leanType.bool) return reader.bool();
  if (type === leanType.uint32) return reader.uint32();
  if (type === leanType.int64) return BigInt(reader.int64());
  if (type === leanType.uint64) return BigInt(reader.uint64());
  if (type === leanType.double) return reader.double();
  if (type === leanType.float) return reader.float();
  return reader.int32();
}

function wireTypeOf(type: number): WireType {
  if (type === leanType.double) return WireType.Bit64;
  if (type === leanType.float) return WireType.Bit32;
  if (type === leanType.string || type === leanType.bytes || type === leanType.message)
    return WireType.LengthDelimited;
  return WireType.Varint;
}
