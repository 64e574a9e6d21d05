import { connect } from "node:net";

/** The same numbers for the same seed, so that what was found can be found again. */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const methods = [
  "GET",
  "GET",
  "PUT",
  "POST",
  "HEAD",
  "OPTIONS",
  "CONNECT",
  "TRACE",
  "PRI",
  "get",
  "M-SEARCH",
  "G\0T",
  "",
];
const targets = [
  "/",
  "//",
  "///",
  "//evil.example/x",
  "/\\evil.example",
  "http://[",
  "http://[::1",
  "http://",
  "http:///",
  "http://x:99999999/",
  "https://evil.example/x?y",
  "ftp://x/",
  "*",
  "host:443",
  "[::1]:80",
  "/%",
  "/%zz",
  "/%00",
  "/%ff%fe",
  "/%2e%2e/%2e%2e/etc/passwd",
  "/blobs/",
  "/blobs/../token-flow/tf-1",
  "/blobs/bl-1?signature=a&signature=b&expires=9999999999999",
  "/blobs/bl-1?expires=NaN&signature=%",
  "/blocks/../../x",
  "/layers/ly-1?path=../../../etc/passwd&start=0&end=5&expires=9e99&signature=x",
  "/token-flow/",
  "/token-flow/__proto__",
  "/token-flow/constructor?x",
  "/?__modal_function_call_id=fc-1&__modal_function_call_id=__proto__",
  "//evil.example/?__modal_function_call_id=fc-1",
  "/?modelId=%ff&modelId=",
  `/${"a/".repeat(3_000)}`,
  `/?${"a=1&".repeat(2_000)}`,
  "/a b",
  "/\u00e4",
  "/\t",
  "",
  "?",
  "#",
];
const versions = [
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/0.9",
  "HTTP/2.0",
  "HTTP/1.1 ",
  "http/1.1",
  "",
];
const headers = [
  "Host: x",
  "Host: x",
  "Host:",
  "Host: [",
  "Host: x\r\nHost: y",
  "Connection: close",
  "Connection: keep-alive, upgrade",
  "Upgrade: websocket",
  "Upgrade: h2c\r\nHTTP2-Settings: !!",
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "Sec-WebSocket-Version: 99",
  "Sec-WebSocket-Key: x",
  "Sec-WebSocket-Protocol: a,,b,\x7f",
  "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99",
  "Expect: 100-continue",
  "Expect: cake",
  "Content-Length: 5",
  "Content-Length: -1",
  "Content-Length: 99999999999999999999",
  "Content-Length: 5, 5",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: x",
  "Range: bytes=0-",
  "Range: bytes=-0",
  "Range: bytes=9-1",
  "X-Forwarded-For: a\x01b",
  "Modal-Key: wk-x\r\nModal-Secret: ws-y",
  "Authorization: Bearer wk-a.ws-b",
  "Cookie: \xff\xfe",
  "A: b\rc",
  "A\n: b",
  " folded: x",
  "__proto__: x",
  "constructor: x",
  `X-Long: ${"y".repeat(9_000)}`,
  "a:\r\n".repeat(400).trimEnd(),
];
const bodies = [
  "",
  "",
  "hello",
  "5\r\nhello\r\n0\r\n\r\n",
  "5\r\nhel",
  "fffffffffffffffff\r\n",
  "0\r\nTrailer: x\r\n\r\n",
  "\x16\x03\x01",
  "GET / HTTP/1.1\r\n",
];

/** Bytes that look more or less like a request. */
export function oddRequest(number: () => number): Buffer {
  const one = <T>(choices: readonly T[]): T => choices[Math.floor(number() * choices.length)] as T;
  const count = Math.floor(number() * 6);
  const lines = [
    `${one(methods)} ${one(targets)} ${one(versions)}`,
    ...(number() < 0.7 ? ["Host: x"] : []),
    ...Array.from({ length: count }, () => one(headers)),
  ];
  let bytes = Buffer.from(`${lines.join(number() < 0.95 ? "\r\n" : "\n")}\r\n\r\n${one(bodies)}`, "latin1");
  if (number() < 0.15) bytes = Buffer.concat([bytes, bytes, bytes]);
  if (number() < 0.2) {
    for (let flips = 0; flips < 4; flips++)
      bytes[Math.floor(number() * bytes.length)] = Math.floor(number() * 256);
  }
  return number() < 0.2 ? bytes.subarray(0, Math.floor(number() * bytes.length)) : bytes;
}

/** What a peer does with its connection once it has sent something. */
type Ending = "wait" | "end" | "reset" | "reset at once" | "in pieces";
const endings: readonly Ending[] = ["wait", "wait", "end", "reset", "reset at once", "in pieces"];

/** Sends one odd request over a connection of its own, and leaves in one way or another. Resolves when it is closed. */
export async function sendOddly(
  address: { host: string; port: number },
  number: () => number,
): Promise<void> {
  const bytes = oddRequest(number);
  const ending = endings[Math.floor(number() * endings.length)] ?? "wait";
  const socket = connect(address);
  // The server may be rid of it in any way.
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const cut = Math.floor(number() * bytes.length);
  if (ending === "in pieces") {
    socket.write(bytes.subarray(0, cut));
    setTimeout(() => socket.write(bytes.subarray(cut)), 5);
  } else socket.write(bytes);
  if (ending === "end") socket.end();
  if (ending === "reset at once") socket.once("connect", () => socket.resetAndDestroy());
  if (ending === "reset") setTimeout(() => socket.resetAndDestroy(), Math.floor(number() * 20));
  // Whoever waits has seen the answer by then, or gets none.
  const timer = setTimeout(() => socket.destroy(), 150);
  socket.resume();
  await closed;
  clearTimeout(timer);
}

/** Sends `count` odd requests, some at a time. */
export async function sendManyOddly(
  address: { host: string; port: number },
  options: { seed: number; count: number },
): Promise<void> {
  const number = seededNumbers(options.seed);
  let left = options.count;
  const send = async () => {
    while (left-- > 0) await sendOddly(address, number);
  };
  await Promise.all(Array.from({ length: 32 }, send));
}
