import { AppError, messageOf } from "@dorian/base/app-error";
import { isAbsence } from "@dorian/base/unless-absent";
import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { getCACertificates } from "node:tls";
import { removeHalfWritten, writePrivateFile } from "../keys/private-file.ts";
import type { CertificatePair } from "./certificate-pair.ts";
import {
  issueAuthority,
  issueServerCertificate,
  newKey,
  type CertificateAuthority,
} from "./issue-certificate.ts";
import { RenewedCertificate } from "./renewed-certificate.ts";
import { serverNames } from "./server-names.ts";
import type { ServerTlsOptions, TrustFiles } from "./server-tls.ts";

const dayMs = 24 * 3600 * 1000;
/** As long as a machine lives: clients that trust an authority have to be given the next one by hand. */
const authorityMs = 20 * 365 * dayMs;
/** Public authorities give as long at most. What renews itself may be short. */
const certificateMs = 90 * dayMs;
const renewBeforeMs = 30 * dayMs;
const lookEveryMs = 12 * 3600 * 1000;
/** Clients whose clock is behind see a certificate that is valid already. */
const backdatedMs = dayMs;

/**
 * A certificate that the server makes for itself, signed by an authority that it makes as well. Both stay in the data
 * directory. Before the certificate ends, and when the machine is called something else, there is a new one of the same authority.
 */
export class OwnCertificate extends RenewedCertificate {
  readonly trust: TrustFiles;
  #options: ServerTlsOptions;
  #authority: CertificateAuthority & { cert: string };
  #names: string;

  private constructor(
    options: ServerTlsOptions,
    trust: TrustFiles,
    authority: CertificateAuthority & { cert: string },
  ) {
    const { pair, names } = issue(options, authority);
    super(pair, { lookEveryMs, plaintextFromElsewhere: options.plaintextFromElsewhere });
    this.#options = options;
    this.trust = trust;
    this.#authority = authority;
    this.#names = names;
  }

  static async open(options: ServerTlsOptions): Promise<OwnCertificate> {
    const directory = join(options.dataDirectory, "tls");
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
    await removeHalfWritten(directory);
    const trust = { authority: join(directory, "authority.pem"), all: join(directory, "trusted.pem") };
    const authority = await openAuthority(options, directory, trust);
    return new OwnCertificate(options, trust, authority);
  }

  protected override look(): void {
    const options = this.#options;
    const end = Date.parse(new X509Certificate(this.current().cert).validTo);
    const isCalledSame = this.#names === serverNames(options.names).join(" ");
    if (isCalledSame && end - options.nowMs() > renewBeforeMs) return;
    const { pair, names } = issue(options, this.#authority);
    this.#names = names;
    this.replace(pair);
    options.logger.info({ names }, "the server has a new certificate");
  }
}

// The key is in memory alone: what nobody needs to keep, nobody can steal.
function issue(
  options: Pick<ServerTlsOptions, "names" | "nowMs">,
  authority: CertificateAuthority & { cert: string },
): { pair: CertificatePair; names: string } {
  const names = serverNames(options.names);
  const key = newKey();
  const from = options.nowMs() - backdatedMs;
  const validity = { from, until: from + certificateMs };
  const cert = issueServerCertificate(authority, { names, key, validity });
  const pem = key.export({ type: "pkcs8", format: "pem" }).toString();
  return { pair: { cert: `${cert}${authority.cert}`, key: pem }, names: names.join(" ") };
}

async function openAuthority(
  { dataDirectoryId, nowMs, logger }: ServerTlsOptions,
  directory: string,
  trust: TrustFiles,
): Promise<CertificateAuthority & { cert: string }> {
  const keyPath = join(directory, "authority-key.pem");
  const known = await read(keyPath, trust.authority);
  if (known) {
    const { name, cert, key } = known;
    if (Date.parse(cert.validTo) > nowMs()) {
      await writeTrusted(trust, cert.toString());
      return { name, cert: cert.toString(), key };
    }
    logger.warn({ path: trust.authority }, "the authority has expired: clients need the new one");
  }
  const authority = { name: `Dorian authority of ${dataDirectoryId}`, key: newKey() };
  const from = nowMs() - backdatedMs;
  const cert = issueAuthority(authority, { from, until: from + authorityMs });
  // The key first: a certificate without its key would be of no use.
  await writePrivateFile(keyPath, authority.key.export({ type: "pkcs8", format: "pem" }));
  await writePrivateFile(trust.authority, cert);
  await writeTrusted(trust, cert);
  logger.info({ path: trust.authority }, "made an authority for this server's certificates");
  return { ...authority, cert };
}

async function writeTrusted(trust: TrustFiles, authority: string): Promise<void> {
  await writePrivateFile(trust.all, [...getCACertificates("bundled"), authority].join("\n"));
}

/** Undefined when there is none yet. @throws AppError TLS_AUTHORITY_INVALID */
async function read(
  keyPath: string,
  certPath: string,
): Promise<{ name: string; cert: X509Certificate; key: KeyObject } | undefined> {
  try {
    const key = createPrivateKey(await readFile(keyPath));
    const cert = new X509Certificate(await readFile(certPath));
    if (!cert.checkPrivateKey(key)) throw new Error("key and certificate are not of one another");
    return { name: /^CN=(.*)$/m.exec(cert.subject)?.[1] ?? "", cert, key };
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw new AppError(
      "TLS_AUTHORITY_INVALID",
      `The authority in ${certPath} cannot be used: ${messageOf(error)}.`,
      {
        remedy: "Restore both files from a backup, or remove them: clients then need the new authority.",
        cause: error,
      },
    );
  }
}
