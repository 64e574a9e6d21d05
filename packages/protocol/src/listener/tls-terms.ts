import type { SecureContextOptions } from "node:tls";

/** With what a listener answers peers that speak TLS. */
export interface TlsTerms {
  /** Certificate and key, as they are at this moment. */
  current(): Pick<SecureContextOptions, "cert" | "key">;
  /** Calls `listener` when they have changed, until the result is disposed of. */
  onChange(listener: () => void): Disposable;
  /** Takes plain text from other machines as well. */
  plaintextFromElsewhere: boolean;
}
