import { randomInt, randomUUID } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

/** Entropy of the kernel: OpenSSL's own generators are as they were when the snapshot was taken. */
function entropy(bytes: number): Buffer<ArrayBuffer> {
  const buffer = Buffer.alloc(bytes);
  const source = openSync("/dev/urandom", "r");
  readSync(source, buffer);
  closeSync(source);
  return buffer;
}

interface NativeCalls {
  load(library: null): { func(prototype: string): (bytes: Uint8Array, count: number) => void };
}

/**
 * Makes ready to give this process random numbers of its own: containers that are brought back from one snapshot would all go on with the same. `calls`
 * is a file of koffi's, through which OpenSSL is reached: Node has no way to feed it. V8's generator cannot be fed at all; ours takes its
 * place.
 *
 * @throws Error where OpenSSL cannot be reached: such a process must not be brought back
 */
export function randomnessRefresher(calls: string): () => void {
  const native = { exports: {} as NativeCalls };
  process.dlopen(native, calls);
  const seed = native.exports.load(null).func("void RAND_seed(const void *bytes, int count)");
  return () => {
    seed(entropy(48), 48);
    Math.random = generator(entropy(16));
    emptyStores();
  };
}

/** Node draws ahead for these two, 128 and 1024 at a time: what it has in store is used up. */
function emptyStores(): void {
  for (let n = 0; n < 128; n++) randomUUID();
  for (let n = 0; n < 1024; n++) randomInt(2);
}

/** xoshiro128**, which gives 53 random bits from two of its steps. */
function generator(seed: Buffer<ArrayBuffer>): () => number {
  const state = new Uint32Array(seed.buffer, seed.byteOffset, 4);
  const next = () => {
    const [a = 0, b = 0, c = 0, d = 0] = state;
    const scrambled = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    state[2] = c ^ a;
    state[3] = d ^ b;
    state[1] = b ^ (c ^ a);
    state[0] = a ^ (d ^ b);
    state[2] = (state[2] ?? 0) ^ (b << 9);
    state[3] = rotated(state[3] ?? 0, 11);
    return scrambled;
  };
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
