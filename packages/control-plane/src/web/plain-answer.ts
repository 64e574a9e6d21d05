import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { STATUS_CODES } from "node:http";

/** What this server says itself, in place of an app. */
export interface PlainAnswer {
  status: number;
  text: string;
  headers?: Record<string, string>;
}

/** Without effect once a response has begun. */
export function answerPlainly(response: ServerResponse, { status, text, headers = {} }: PlainAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const body = `${text}\n`;
  response.writeHead(status, { ...describing(body), ...headers });
  response.end(body);
}

/** Answers on a connection that would have become a websocket. */
export function refuseUpgrade(socket: Duplex, { status, text, headers = {} }: PlainAnswer): void {
  const body = Buffer.from(`${text}\n`);
  const described = Object.entries({ "Content-Type": "text/plain; charset=utf-8", ...headers });
  refuseUpgradeWith(socket, { status, headers: described, body });
}

/** The same with an answer of any kind, whose headers are in order and say nothing of its length. */
export function refuseUpgradeWith(
  socket: Duplex,
  answer: { status: number; headers: readonly (readonly [name: string, value: string])[]; body: Uint8Array },
): void {
  if (!socket.writable) return;
  const { status, headers, body } = answer;
  const ofConnection = [
    ["Content-Length", String(body.byteLength)],
    ["Connection", "close"],
  ] as const;
  const lines = [...headers, ...ofConnection].map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
  socket.end(Buffer.concat([Buffer.from(head, "latin1"), body]));
}

function describing(body: string): Record<string, string> {
  return { "Content-Type": "text/plain; charset=utf-8", "Content-Length": String(Buffer.byteLength(body)) };
}
