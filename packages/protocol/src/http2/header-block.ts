import { HeaderList } from "./header-list.ts";
import { HeaderTable, type HeaderEntry } from "./header-table.ts";
import { ConnectionError, errorCode } from "./http2-error.ts";
import { decodeHuffman } from "./huffman.ts";

// RFC 7541, appendix A: names by index, with the values that have an index of their own.
const staticTable = (
  ":authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|" +
  ":status 204|:status 206|:status 304|:status 400|:status 404|:status 500|accept-charset|" +
  "accept-encoding gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|" +
  "authorization|cache-control|content-disposition|content-encoding|content-language|content-length|" +
  "content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|" +
  "if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|" +
  "proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|" +
  "strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate"
)
  .split("|")
  .map(named);

/** Headers as literals: larger than indexed ones, but with no state to keep. */
export function encodeHeaders(headers: Iterable<readonly [string, string]>): Buffer {
  // One byte is one letter of latin1, so that the text is the block.
  let block = "";
  for (const [name, value] of headers)
    block += `\0${integer(name.length, 7)}${name}${integer(value.length, 7)}${value}`;
  return Buffer.from(block, "latin1");
}

/**
 * Decodes a header block. Blocks of one connection must all go through its `table`, in their order; without one the peer
 * was told to keep none (SETTINGS_HEADER_TABLE_SIZE 0).
 *
 * @throws ConnectionError for what cannot be decoded, or is more than a header list may be.
 */
export function decodeHeaders(block: Uint8Array, table = new HeaderTable(0)): HeaderList {
  const list = new HeaderList();
  const reader = { block, at: 0, table };
  let resizable = true;
  while (reader.at < block.length) {
    const first = block[reader.at] as number;
    if (first >= 0x20 && first < 0x40) {
      // At the beginning alone (RFC 7541, section 4.2).
      if (!resizable || !table.resize(readInteger(reader, 5))) throw malformed();
      continue;
    }
    resizable = false;
    if (first >= 0x80) {
      const [name, value] = entry(reader, readInteger(reader, 7));
      list.add(name, value);
    } else if (first >= 0x40) table.add(addLiteral(list, reader, 6));
    else addLiteral(list, reader, 4);
  }
  return list;
}

interface Reader {
  block: Uint8Array;
  at: number;
  table: HeaderTable;
}

function addLiteral(list: HeaderList, reader: Reader, prefixBits: number): HeaderEntry {
  const index = readInteger(reader, prefixBits);
  const name = index === 0 ? readString(reader) : entry(reader, index)[0];
  const value = readString(reader);
  list.add(name, value);
  return [name, value];
}

function entry(reader: Reader, index: number): HeaderEntry {
  const found =
    index <= staticTable.length ? staticTable[index - 1] : reader.table.get(index - staticTable.length - 1);
  if (!found) throw malformed();
  return found;
}

function readString(reader: Reader): string {
  const first = reader.block[reader.at];
  if (first === undefined) throw malformed();
  const coded = (first & 0x80) !== 0;
  const length = readInteger(reader, 7);
  const data = reader.block.subarray(reader.at, reader.at + length);
  if (data.length < length) throw malformed();
  reader.at += length;
  return coded
    ? decodeHuffman(data)
    : Buffer.from(data.buffer, data.byteOffset, data.length).toString("latin1");
}

function readInteger(reader: Reader, prefixBits: number): number {
  const limit = 2 ** prefixBits - 1;
  const first = reader.block[reader.at];
  if (first === undefined) throw malformed();
  let value = first & limit;
  reader.at += 1;
  if (value < limit) return value;
  for (let shift = 0; shift <= 28; shift += 7) {
    const byte = reader.block[reader.at];
    if (byte === undefined) throw malformed();
    reader.at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw malformed();
}

function integer(value: number, prefixBits: number): string {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) return String.fromCharCode(value);
  let out = String.fromCharCode(limit);
  let rest = value - limit;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out += String.fromCharCode((rest % 0x80) + 0x80);
  return out + String.fromCharCode(rest);
}

function named(text: string): HeaderEntry {
  const space = text.indexOf(" ");
  return space < 0 ? [text, ""] : [text.slice(0, space), text.slice(space + 1)];
}

function malformed(): ConnectionError {
  return new ConnectionError(errorCode.compression, "a header block cannot be decoded");
}
