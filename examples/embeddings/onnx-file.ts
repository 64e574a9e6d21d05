// Writes a model in the ONNX format: protobuf messages, of which a small model needs few fields.

/** A model that looks up a vector for each token of a batch of texts. */
export function lookUpModel(vectors: Float32Array[]): Buffer {
  const [rows, columns] = [vectors.length, vectors[0]?.length ?? 0];
  const table = message(
    ...[rows, columns].map((size) => number(1, size)),
    number(2, elementTypes.float),
    bytes(9, Buffer.concat(vectors.map(({ buffer }) => Buffer.from(buffer)))),
    text(8, "vectors"),
  );
  const look = message(
    text(1, "vectors"),
    text(1, "input_ids"),
    text(2, "last_hidden_state"),
    text(4, "Gather"),
  );
  const graph = message(
    bytes(1, look),
    text(2, "look up"),
    bytes(5, table),
    bytes(11, tensor("input_ids", elementTypes.int64, ["texts", "tokens"])),
    bytes(12, tensor("last_hidden_state", elementTypes.float, ["texts", "tokens", columns])),
  );
  const operatorSet = message(number(2, 17));
  return message(number(1, 8), text(2, "embeddings example"), bytes(7, graph), bytes(8, operatorSet));
}

const elementTypes = { float: 1, int64: 7 };

/** Name and type of an input or output. A dimension that differs from call to call has a name in place of a size. */
function tensor(name: string, elementType: number, shape: (string | number)[]): Buffer {
  const dimensions = shape.map((size) =>
    bytes(1, typeof size === "string" ? text(2, size) : number(1, size)),
  );
  const type = message(number(1, elementType), bytes(2, message(...dimensions)));
  return message(text(1, name), bytes(2, bytes(1, type)));
}

const message = (...fields: Buffer[]) => Buffer.concat(fields);
const number = (field: number, value: number) => Buffer.concat([varint(field << 3), varint(value)]);
const text = (field: number, value: string) => bytes(field, Buffer.from(value));
const bytes = (field: number, value: Buffer) =>
  Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);

function varint(value: number): Buffer {
  const groups: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) groups.push((value % 128) | 128);
  return Buffer.from([...groups, value]);
}
