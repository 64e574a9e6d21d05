import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { createClient, Connection } from "@dorian/protocol/client/grpc-client";
import { handoverDirectory } from "@dorian/protocol/convention/handover";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { inEnvironment } from "./in-environment.ts";
import type { Transport } from "./transport.ts";
import { readUserSettings, userSettingsPath } from "./user-settings.ts";

export interface ServerAddress {
  url: string;
  tokenId: string;
  tokenSecret: string;
  /** File with the authority to trust when the server speaks TLS. */
  trust?: { authority: string };
  /** Where the server takes files of this machine, when it was found by its data directory. */
  handover?: string;
  /** What requests are about that name no environment; absent for the server's default one. */
  environment?: string;
}

const defaultDataDirectory = "/var/lib/dorian";

/**
 * Where the server is and with which token to call it: MODAL_SERVER_URL, MODAL_TOKEN_ID, MODAL_TOKEN_SECRET and
 * MODAL_ENVIRONMENT; for what is not set there the user's settings; then `client.json` in the data directory. Where DORIAN_DATA
 * names one, the server of that is meant, and not the one of the settings.
 *
 * @throws AppError SERVER_UNKNOWN when neither says.
 */
export async function readServerAddress(env: NodeJS.ProcessEnv = process.env): Promise<ServerAddress> {
  const given = env["DORIAN_DATA"];
  const settings = given ? {} : readUserSettings(userSettingsPath(env));
  const url = env["MODAL_SERVER_URL"] || settings.server;
  const tokenId = env["MODAL_TOKEN_ID"] || settings.tokenId;
  const tokenSecret = env["MODAL_TOKEN_SECRET"] || settings.tokenSecret;
  const name = env["MODAL_ENVIRONMENT"] || settings.environment;
  const environment = name ? { environment: name } : {};
  const told = url && tokenId && tokenSecret ? { url, tokenId, tokenSecret, ...environment } : undefined;
  if (told && !told.url.startsWith("https:")) return told;
  const path = join(given || settings.data || defaultDataDirectory, "client.json");
  try {
    const found = JSON.parse(await readFile(path, "utf8")) as ServerAddress;
    return {
      ...(found.trust ? { trust: { authority: found.trust.authority } } : {}),
      url: url || found.url,
      tokenId: tokenId || found.tokenId,
      tokenSecret: tokenSecret || found.tokenSecret,
      ...(url ? {} : { handover: join(dirname(path), handoverDirectory) }),
      ...environment,
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
  const { url, tokenId, tokenSecret, trust, environment, handover } = address ?? (await readServerAddress());
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
  const modal = inEnvironment(createClient(ModalClient, connection), environment);
  const operator = createClient(OperatorService, connection);
  // The first call finds out at once whether a server is there; later ones ride out a restart.
  await operator.serverInfo({});
  connection.retryUnavailableMs = retryUnavailableMs;
  const connected = connecting.move();
  return { url, modal, operator, handover, inContainer: false, [Symbol.dispose]: () => connected.dispose() };
}
