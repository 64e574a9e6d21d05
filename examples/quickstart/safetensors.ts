import { open } from "node:fs/promises";

// The safetensors format: length of the header (8 bytes), header (JSON: name → type, shape, place), data.

interface TensorHeader {
  dtype: "F32";
  shape: number[];
  data_offsets: [number, number];
}

/** A file's bytes for named float32 tensors. */
export function writeSafetensors(tensors: Record<string, Float32Array>): Uint8Array {
  const parts = Object.values(tensors).map((tensor) =>
    Buffer.from(tensor.buffer, tensor.byteOffset, tensor.byteLength),
  );
  return Buffer.concat([
    safetensorsHeader(Object.entries(tensors).map(([name, tensor]) => ({ name, length: tensor.length }))),
    ...parts,
  ]);
}

/** What stands before the data of float32 tensors. */
export function safetensorsHeader(tensors: { name: string; length: number }[]): Buffer {
  let end = 0;
  const header: Record<string, TensorHeader> = {};
  for (const { name, length } of tensors) {
    header[name] = { dtype: "F32", shape: [length], data_offsets: [end, end + length * 4] };
    end += length * 4;
  }
  const json = Buffer.from(JSON.stringify(header));
  // Padded, so that the data begins where 32-bit numbers may begin.
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded]);
}

/** All tensors of a file that fits into memory. */
export function readSafetensors(bytes: Buffer): Record<string, Float32Array> {
  const { header, dataStart } = parseHeader(bytes);
  return Object.fromEntries(
    Object.entries(header).map(
      ([
        name,
        {
          data_offsets: [start, end],
        },
      ]) => [
        name,
        new Float32Array(new Uint8Array(bytes.subarray(dataStart + start, dataStart + end)).buffer),
      ],
    ),
  );
}

/** One tensor of a file, mapped into memory instead of read. */
export async function mapTensor(path: string, name: string): Promise<Float32Array> {
  await using file = await open(path, "r");
  const beginning = Buffer.alloc(64 * 1024);
  await file.read(beginning, 0, beginning.length, 0);
  const { header, dataStart } = parseHeader(beginning);
  const tensor = header[name];
  if (!tensor) throw new Error(`${path} has no tensor "${name}"; it has ${Object.keys(header).join(", ")}.`);
  const { size } = await file.stat();
  const mapped = await mapFile(file.fd, size);
  return new Float32Array(
    mapped,
    dataStart + tensor.data_offsets[0],
    tensor.shape.reduce((a, b) => a * b, 1),
  );
}

async function mapFile(fd: number, size: number): Promise<ArrayBuffer> {
  // Node has no mmap; the image brings a package that can call the C library.
  const { default: koffi } = await import("koffi");
  const mmap = koffi.load("libc.so.6").func("void *mmap(void *, size_t, int, int, int, int64_t)");
  const PROT_READ = 1;
  const MAP_SHARED = 1;
  const address = mmap(null, size, PROT_READ, MAP_SHARED, fd, 0);
  return koffi.view(address, size);
}

function parseHeader(bytes: Buffer): { header: Record<string, TensorHeader>; dataStart: number } {
  const length = Number(bytes.readBigUInt64LE(0));
  return {
    header: JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, TensorHeader>,
    dataStart: 8 + length,
  };
}
