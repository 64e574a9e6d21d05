import { AppError } from "@dorian/base/app-error";
import { connect, type Socket } from "node:net";
import { connectTls } from "./tls-connect.ts";

/**
 * Opens a socket to the server of a URL: `http://host:port`, `https://host:port`, or `unix:///path/to/socket`. `authority`:
 * file with one to trust besides those that everybody trusts.
 */
export function connectTo(url: string, authority?: string): Socket {
  const address = addressOf(url);
  return "isSecure" in address && address.isSecure ? connectTls(address, authority) : connect(address);
}

/** True where the other end may vanish without a word, as over a network. */
export function mayVanish(url: string): boolean {
  return !url.startsWith("unix:");
}

function addressOf(url: string): { path: string } | { host: string; port: number; isSecure: boolean } {
  if (url.startsWith("unix://")) return { path: url.slice("unix://".length) };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === "http:" || parsed?.protocol === "https:") {
    const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
    const isSecure = parsed.protocol === "https:";
    return { host, port: Number(parsed.port || (isSecure ? "443" : "80")), isSecure };
  }
  throw new AppError("SERVER_URL_INVALID", `"${url}" is not a server address.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Write it as http://host:port, https://host:port, or unix:///path/to/socket.",
  });
}
