import { readFileSync } from "node:fs";
import { isIP, type Socket } from "node:net";

/**
 * Opens a TLS connection for gRPC. The module behind it is loaded at the first one: whoever speaks plain text, as every
 * container does, never pays for it.
 *
 * @param authority file with an authority to trust besides those that everybody trusts
 */
export function connectTls(address: { host: string; port: number }, authority?: string): Socket {
  const { connect, getCACertificates } = process.getBuiltinModule("node:tls");
  const { host, port } = address;
  const socket = connect({
    host,
    port,
    ALPNProtocols: ["h2"],
    minVersion: "TLSv1.2",
    // Addresses are no server names.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(authority === undefined
      ? {}
      : { ca: [...getCACertificates("default"), readFileSync(authority, "utf8")] }),
  });
  socket.once("secureConnect", () => {
    if (socket.alpnProtocol !== "h2") socket.destroy(new Error("the server speaks TLS, but not HTTP/2"));
  });
  return socket;
}
