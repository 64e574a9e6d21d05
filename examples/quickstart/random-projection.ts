import { open } from "node:fs/promises";
import { safetensorsHeader } from "./safetensors.ts";

// Feature hashing into many rows and a random matrix down to few dimensions: similar texts get similar embeddings
// (Johnson and Lindenstrauss), with weights that anyone can make.

export interface Shape {
  rows: number;
  columns: number;
}

/** Writes a matrix of pseudo-random numbers in [-1, 1) as a safetensors file, a row at a time. */
export async function fillWithNoise(
  path: string,
  { rows, columns, seed }: Shape & { seed: number },
): Promise<void> {
  await using file = await open(path, "w");
  await file.write(safetensorsHeader([{ name: "projection", length: rows * columns }]));
  const random = generator(seed);
  const block = new Float32Array(columns * 1024);
  for (let row = 0; row < rows; row += 1024) {
    for (let index = 0; index < block.length; index += 1) block[index] = random() * 2 - 1;
    await file.write(Buffer.from(block.buffer));
    if (row % 16_384 === 0) console.log(`baked ${Math.round((row / rows) * 100)} % of the weights`);
  }
}

/** The embedding of a text: the sum of the rows that its words hash to. First eight dimensions, for people to see. */
export function project(weights: Float32Array, text: string, { rows, columns }: Shape): number[] {
  const sum = new Float64Array(columns);
  for (const word of text.toLowerCase().split(/\W+/)) {
    const row = hash(word) % rows;
    for (let column = 0; column < columns; column += 1)
      sum[column] = (sum[column] ?? 0) + (weights[row * columns + column] ?? 0);
  }
  return [...sum.subarray(0, 8)];
}

function hash(word: string): number {
  let value = 2_166_136_261;
  for (const character of word) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return value;
}

// xorshift32: short, fast, and the same everywhere.
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}
