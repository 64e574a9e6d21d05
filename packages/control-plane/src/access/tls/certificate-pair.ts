import { AppError, messageOf } from "@dorian/base/app-error";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";

/** A certificate with those that lead to its authority, and its key, both in PEM. */
export interface CertificatePair {
  cert: string;
  key: string;
}

/** Where a pair comes from, for messages. */
export interface PairSource {
  certPath: string;
  keyPath: string;
}

/**
 * The certificate of a pair that can be served with.
 *
 * @throws AppError TLS_CERTIFICATE_INVALID, TLS_KEY_MISMATCH
 */
export function checkedPair(
  { cert, key }: CertificatePair,
  { certPath, keyPath }: PairSource,
): X509Certificate {
  const certificate = parsed(certPath, "a certificate in PEM", () => new X509Certificate(cert));
  const privateKey = parsed(keyPath, "a private key in PEM without a passphrase", () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new AppError(
      "TLS_KEY_MISMATCH",
      `The key in ${keyPath} is not that of the certificate in ${certPath}.`,
      {
        remedy: "Name the two files that were made together, e.g. fullchain.pem and privkey.pem.",
      },
    );
  }
  // Says what else could stop a handshake, such as a key that is too short.
  parsed(certPath, "a certificate to serve with", () =>
    createSecureContext({ cert, key, minVersion: "TLSv1.2" }),
  );
  return certificate;
}

function parsed<T>(path: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new AppError("TLS_CERTIFICATE_INVALID", `${path} does not hold ${what}: ${messageOf(error)}.`, {
      remedy:
        "Give PEM files with --tls-cert (the whole chain) and --tls-key, or --tls alone for a certificate made here.",
      cause: error,
    });
  }
}
