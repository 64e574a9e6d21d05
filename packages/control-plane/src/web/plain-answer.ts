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
  if (!socket.writable) return;
  const body = `${text}\n`;
  const lines = Object.entries({ ...describing(body), Connection: "close", ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`);
}

function describing(body: string): Record<string, string> {
  return { "Content-Type": "text/plain; charset=utf-8", "Content-Length": String(Buffer.byteLength(body)) };
}
