import type { TlsTerms } from "@dorian/protocol/listener/tls-terms";
import type { Logger } from "pino";

/** Which certificate a server shows: one that it makes itself, or the operator's. */
export type TlsSettings = { kind: "own" } | { kind: "files"; certPath: string; keyPath: string };

export interface ServerTls extends TlsTerms, Disposable {
  /** Files that clients need to trust the server; undefined when the certificate is none of its own making. */
  readonly trust: TrustFiles | undefined;
}

export interface TrustFiles {
  /** The authority of this server alone. */
  authority: string;
  /** The authority and those that everybody trusts, for programs that read one file only. */
  all: string;
}

export interface ServerTlsOptions {
  settings: TlsSettings;
  dataDirectory: string;
  dataDirectoryId: string;
  /** Under which clients reach the server, besides what the machine itself is called. */
  names: readonly string[];
  plaintextFromElsewhere: boolean;
  logger: Logger;
  nowMs: () => number;
}
