import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { createClient, Connection } from "@dorian/protocol/client/grpc-client";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import type { Transport } from "./transport.ts";

export interface ServerAddress {
  url: string;
  tokenId: string;
  tokenSecret: string;
  /** File with the authority to trust when the server speaks TLS. */
  trust?: { authority: string };
}

const defaultDataDirectory = "/var/lib/dorian";

/**
 * Where the server is and with which token to call it: MODAL_SERVER_URL, MODAL_TOKEN_ID and MODAL_TOKEN_SECRET, and for
 * what is not set there `client.json` in the data directory (DORIAN_DATA, else /var/lib/dorian).
 *
 * @throws AppError SERVER_UNKNOWN when neither says.
 */
export async function readServerAddress(env: NodeJS.ProcessEnv = process.env): Promise<ServerAddress> {
  const { MODAL_SERVER_URL: url, MODAL_TOKEN_ID: tokenId, MODAL_TOKEN_SECRET: tokenSecret } = env;
  const told = url && tokenId && tokenSecret ? { url, tokenId, tokenSecret } : undefined;
  if (told && !told.url.startsWith("https:")) return told;
  const path = join(env["DORIAN_DATA"] ?? defaultDataDirectory, "client.json");
  try {
    const found = JSON.parse(await readFile(path, "utf8")) as ServerAddress;
    return {
      ...(found.trust ? { trust: { authority: found.trust.authority } } : {}),
      url: url ?? found.url,
      tokenId: tokenId ?? found.tokenId,
      tokenSecret: tokenSecret ?? found.tokenSecret,
    };
  } catch (error) {
    // A server elsewhere is trusted as everybody trusts it.
    if (told) return told;
    const why = errnoOf(error) === "ENOENT" ? `${path} does not exist` : `${path} cannot be read`;
    throw new AppError("SERVER_UNKNOWN", `No Dorian server is known: ${why}.`, {
      status: "UNAVAILABLE",
      remedy:
        "Start one with `dorian up`, or set MODAL_SERVER_URL, MODAL_TOKEN_ID and MODAL_TOKEN_SECRET (`dorian token new` prints them).",
      cause: error,
    });
  }
}

/** How long, in milliseconds, calls wait for a server that restarts. */
const retryUnavailableMs = 60_000;

/** A transport over a connection to the server. The connection stays open for the process's life. */
export async function connectToServer(address?: ServerAddress): Promise<Transport & Disposable> {
  const { url, tokenId, tokenSecret, trust } = address ?? (await readServerAddress());
  using connecting = new DisposableStack();
  const connection = connecting.use(
    new Connection({
      url,
      authority: trust?.authority,
      metadata: {
        "x-modal-client-version": "1.5.4",
        "x-modal-client-type": "7",
        "x-modal-token-id": tokenId,
        "x-modal-token-secret": tokenSecret,
      },
    }),
  );
  const modal = createClient(ModalClient, connection);
  const operator = createClient(OperatorService, connection);
  // The first call finds out at once whether a server is there; later ones ride out a restart.
  await operator.serverInfo({});
  connection.retryUnavailableMs = retryUnavailableMs;
  const connected = connecting.move();
  return { url, modal, operator, inContainer: false, [Symbol.dispose]: () => connected.dispose() };
}
