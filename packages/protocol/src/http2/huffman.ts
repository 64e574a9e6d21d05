import { ConnectionError, errorCode } from "./http2-error.ts";

// Bits of each byte's code (RFC 7541, appendix B), one base-36 digit a byte. The code is canonical: the lengths are
// all there is to know.
const bitsOfBytes =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq";
const longestCode = 30;

interface HuffmanTable {
  /** Bytes in the order in which codes were handed out. */
  bytes: number[];
  /** Per length in bits: the first code, how many there are, and where their bytes start. */
  lengths: { first: number; count: number; start: number }[];
}

let table: HuffmanTable | undefined;

/** The text of a Huffman-coded header string. */
export function decodeHuffman(data: Uint8Array): string {
  table ??= buildTable();
  const out: number[] = [];
  let code = 0;
  let bits = 0;
  for (const byte of data) {
    for (let shift = 7; shift >= 0; shift -= 1) {
      code = code * 2 + ((byte >> shift) & 1);
      bits += 1;
      const length = table.lengths[bits];
      if (length && code - length.first < length.count && code >= length.first) {
        out.push(table.bytes[length.start + code - length.first] as number);
        code = 0;
        bits = 0;
      } else if (bits >= longestCode) throw malformed();
    }
  }
  // What is left over is padding: fewer than 8 bits, all ones.
  if (bits > 7 || code !== 2 ** bits - 1) throw malformed();
  return Buffer.from(out).toString("latin1");
}

function buildTable(): HuffmanTable {
  const bytes: number[] = [];
  const lengths: HuffmanTable["lengths"] = [];
  let code = 0;
  for (let bits = 0; bits <= longestCode; bits += 1) {
    const start = bytes.length;
    for (let byte = 0; byte < 256; byte += 1) {
      if (Number.parseInt(bitsOfBytes.charAt(byte), 36) === bits) bytes.push(byte);
    }
    const count = bytes.length - start;
    lengths.push({ first: code, count, start });
    code = (code + count) * 2;
  }
  return { bytes, lengths };
}

function malformed(): ConnectionError {
  return new ConnectionError(errorCode.compression, "a Huffman-coded header cannot be decoded");
}
