import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";

const remedies: Record<string, string> = {
  CERT_HAS_EXPIRED: "Have the server's operator renew it, and look at this machine's clock.",
  CERT_NOT_YET_VALID: "Look at the clock of this machine.",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "Call the server by a name that its certificate holds, or start it with --public-host and this name.",
  ERR_SSL_WRONG_VERSION_NUMBER: "Start the server with --tls, or write http:// in its address.",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "Start the server with --tls, or write http:// in its address.",
};

/** Who signed the certificate is nobody that this process trusts. */
const untrusted = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];
const trustRemedy =
  "Give this process the server's authority: `dorian token new` on the server's machine says where it is, and NODE_EXTRA_CA_CERTS names it here.";

/** Why a TLS connection was given up, when it was for the server's certificate; undefined for everything else. */
export function certificateError(url: string, cause: unknown): AppError | undefined {
  const code = errnoOf(cause) ?? "";
  const remedy = untrusted.includes(code) ? trustRemedy : remedies[code];
  if (remedy === undefined) return undefined;
  return new AppError("SERVER_CERTIFICATE_REFUSED", `${url} cannot be trusted: ${messageOf(cause)}.`, {
    status: "FAILED_PRECONDITION",
    remedy,
    cause,
  });
}
