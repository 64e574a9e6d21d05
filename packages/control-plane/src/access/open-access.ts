import type { KeptSockets } from "@dorian/protocol/listener/kept-sockets";
import type { Logger } from "pino";
import type { Database } from "../database/database.ts";
import type { Journal } from "../database/journal.ts";
import { AuditLog } from "./audit/audit-log.ts";
import { auditHandlers } from "./audit/audit-handlers.ts";
import { Environments } from "./environment/environments.ts";
import { HttpServer } from "./http/http-server.ts";
import { readDataDirectoryId } from "./keys/data-directory-id.ts";
import { removeHalfWritten } from "./keys/private-file.ts";
import { openServerKeys } from "./keys/server-keys.ts";
import { bracketed } from "./listen-address.ts";
import { openServerTls } from "./tls/open-server-tls.ts";
import type { TlsSettings } from "./tls/server-tls.ts";
import { createAuthenticator } from "./token/authenticate.ts";
import { authTokenHandlers } from "./token/auth-token-handlers.ts";
import { keepClientFile, openClientFile } from "./token/client-file.ts";
import { CommandTokens } from "./token/command-token.ts";
import { FailedAttempts } from "./token/failed-attempts.ts";
import { tokenFlowRoute } from "./token/token-flow-page.ts";
import { TokenFlows } from "./token/token-flows.ts";
import { tokenHandlers } from "./token/token-handlers.ts";
import { Tokens } from "./token/tokens.ts";

export interface AccessOptions {
  db: Database;
  journal: Journal;
  dataDirectory: string;
  /** Where to listen. */
  host: string;
  /** Where plain HTTP is served. */
  httpPort: number;
  /** Host under which clients reach this machine. */
  publicHost: string;
  /** Other names that clients reach it by. */
  otherNames: readonly string[];
  tls: TlsSettings | undefined;
  plaintextFromElsewhere: boolean;
  sockets: KeptSockets | undefined;
  logger: Logger;
  nowMs: () => number;
  elapsedMs: () => number;
}

export type Access = Awaited<ReturnType<typeof openAccess>>;

/** Who callers are: keys, certificates, tokens, environments, the log of what they do, and the HTTP server. */
export async function openAccess(options: AccessOptions) {
  const { db, journal, dataDirectory, host, publicHost, logger, nowMs, elapsedMs } = options;
  await using opening = new AsyncDisposableStack();
  await removeHalfWritten(dataDirectory);
  const keys = await openServerKeys(dataDirectory);
  const dataDirectoryId = await readDataDirectoryId(dataDirectory);
  const client = await openClientFile(dataDirectory);
  const tls =
    options.tls &&
    opening.use(
      await openServerTls({
        settings: options.tls,
        dataDirectory,
        dataDirectoryId,
        names: [publicHost, ...options.otherNames],
        plaintextFromElsewhere: options.plaintextFromElsewhere,
        logger,
        nowMs,
      }),
    );
  const scheme: "http" | "https" = tls ? "https" : "http";
  const http = opening.use(
    await HttpServer.listen({ host, port: options.httpPort, tls, sockets: options.sockets, logger }),
  );
  const httpUrl = `${scheme}://${bracketed(publicHost)}:${http.port}`;
  const environments = await Environments.load({ db, journal, nowMs });
  const tokens = opening.use(
    await Tokens.load({
      db,
      journal,
      own: client,
      nowMs,
      onError: (error) => logger.error({ err: error }, "the use of a token could not be written down"),
    }),
  );
  const commandTokens = new CommandTokens({ key: keys.tokens, nowMs });
  const flows = new TokenFlows({ tokens, elapsedMs });
  const auditLog = new AuditLog({ db, journal, nowMs });
  await auditLog.prune();
  const ofTokens = tokenHandlers({
    tokens,
    flows,
    environments,
    nowMs,
    dataDirectoryId,
    baseUrl: httpUrl,
  });

  const announced = opening.use(new AsyncDisposableStack());
  const resources = opening.move();
  return {
    keys,
    dataDirectoryId,
    /** The data directory's own tokens. */
    client,
    tls,
    scheme,
    http,
    routes: [tokenFlowRoute(flows)],
    httpUrl,
    environments,
    tokens,
    commandTokens,
    auditLog,
    authenticate: createAuthenticator({
      own: client,
      tokens,
      commandTokens,
      attempts: new FailedAttempts({ elapsedMs }),
    }),
    /** Tells clients from now on where the server is. */
    async announce(url: string): Promise<void> {
      const localHost = ["0.0.0.0", "::"].includes(host) ? "127.0.0.1" : host;
      const file = await openClientFile(dataDirectory, { url, localHost, trust: tls?.trust });
      announced.use(await keepClientFile(dataDirectory, { file, logger }));
    },
    modal: [
      ofTokens.modal,
      authTokenHandlers({ key: keys.tokens, nowMs }),
      auditHandlers({ log: auditLog, environments, workspaceId: ofTokens.workspaceId }),
    ] as const,
    operator: [ofTokens.operator] as const,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
