import { AppError, messageOf } from "@dorian/base/app-error";
import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { checkedPair, type CertificatePair, type PairSource } from "./certificate-pair.ts";
import { RenewedCertificate } from "./renewed-certificate.ts";

export interface OperatorCertificateOptions extends PairSource {
  plaintextFromElsewhere: boolean;
  logger: Logger;
  nowMs: () => number;
  /** Default: 30 s. */
  lookEveryMs?: number;
}

/** Renewals come weeks before the end; reading two small files is nothing. */
const lookEveryMs = 30_000;
const warnBeforeMs = 7 * 24 * 3600 * 1000;

/** The operator's certificate: read again when its files change, so that whoever renews it need not restart anything. */
export class OperatorCertificate extends RenewedCertificate {
  readonly trust = undefined;
  #options: OperatorCertificateOptions;
  /** What was refused last, so as to say it once. */
  #refused: CertificatePair | undefined;

  private constructor(options: OperatorCertificateOptions, pair: CertificatePair) {
    super(pair, { lookEveryMs, ...options });
    this.#options = options;
  }

  /** @throws AppError TLS_FILE_UNREADABLE, TLS_CERTIFICATE_INVALID, TLS_KEY_MISMATCH */
  static async open(options: OperatorCertificateOptions): Promise<OperatorCertificate> {
    const pair = await readPair(options);
    warnOfEnd(Date.parse(checkedPair(pair, options).validTo), options);
    return new OperatorCertificate(options, pair);
  }

  protected override async look(): Promise<void> {
    const { certPath, logger } = this.#options;
    let pair: CertificatePair | undefined;
    try {
      pair = await readPair(this.#options);
      if (isSame(pair, this.current()) || isSame(pair, this.#refused)) return;
      const end = Date.parse(checkedPair(pair, this.#options).validTo);
      this.replace(pair);
      logger.info({ certPath, validTo: new Date(end).toISOString() }, "the certificate was renewed");
      warnOfEnd(end, this.#options);
    } catch (error) {
      // Between the writing of one file and of the other the two do not belong together.
      if (pair) this.#refused = pair;
      logger.warn({ reason: messageOf(error) }, "the new certificate cannot be used; the one before goes on");
    }
  }
}

function isSame(one: CertificatePair, other: CertificatePair | undefined): boolean {
  return one.cert === other?.cert && one.key === other.key;
}

async function readPair({ certPath, keyPath }: PairSource): Promise<CertificatePair> {
  return { cert: await readPem(certPath), key: await readPem(keyPath) };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new AppError("TLS_FILE_UNREADABLE", `${path} cannot be read: ${messageOf(error)}.`, {
      remedy: "Name files that the server's user may read with --tls-cert and --tls-key.",
      cause: error,
    });
  }
}

function warnOfEnd(end: number, { certPath, logger, nowMs }: OperatorCertificateOptions): void {
  if (end - nowMs() > warnBeforeMs) return;
  const what = end <= nowMs() ? "the certificate has expired" : "the certificate expires soon";
  logger.warn(
    { certPath, validTo: new Date(end).toISOString() },
    `${what}: renew it; the new file is used at once`,
  );
}
