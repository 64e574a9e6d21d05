import { AppError } from "@dorian/base/app-error";
import { connect, type Socket } from "node:net";

/** Opens a socket to the server of a URL: `http://host:port`, or `unix:///path/to/socket`. */
export function connectTo(url: string): Socket {
  return connect(addressOf(url));
}

/** True where the other end may vanish without a word, as over a network. */
export function mayVanish(url: string): boolean {
  return !url.startsWith("unix:");
}

function addressOf(url: string): { path: string } | { host: string; port: number } {
  if (url.startsWith("unix://")) return { path: url.slice("unix://".length) };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === "http:") {
    const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
    return { host, port: Number(parsed.port || "80") };
  }
  throw new AppError("SERVER_URL_INVALID", `"${url}" is not a server address.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Write it as http://host:port, or unix:///path/to/socket.",
  });
}
