import { OperatorCertificate } from "./operator-certificate.ts";
import { OwnCertificate } from "./own-certificate.ts";
import type { ServerTls, ServerTlsOptions } from "./server-tls.ts";

/** @throws AppError TLS_FILE_UNREADABLE, TLS_CERTIFICATE_INVALID, TLS_KEY_MISMATCH */
export async function openServerTls(options: ServerTlsOptions): Promise<ServerTls> {
  return options.settings.kind === "own"
    ? await OwnCertificate.open(options)
    : await OperatorCertificate.open({ ...options, ...options.settings });
}
