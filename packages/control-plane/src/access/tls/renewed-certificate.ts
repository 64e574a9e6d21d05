import type { CertificatePair } from "./certificate-pair.ts";
import { Notices } from "./notices.ts";
import type { ServerTls, TrustFiles } from "./server-tls.ts";

export interface RenewedCertificateOptions {
  plaintextFromElsewhere: boolean;
  lookEveryMs: number;
}

/** A certificate that is looked after from time to time: whoever serves with it is told when another has taken its place. */
export abstract class RenewedCertificate implements ServerTls {
  abstract readonly trust: TrustFiles | undefined;
  readonly plaintextFromElsewhere: boolean;
  #pair: CertificatePair;
  #changed = new Notices();
  #timer: NodeJS.Timeout;

  protected constructor(pair: CertificatePair, options: RenewedCertificateOptions) {
    this.#pair = pair;
    this.plaintextFromElsewhere = options.plaintextFromElsewhere;
    this.#timer = setInterval(() => void this.look(), options.lookEveryMs);
    this.#timer.unref();
  }

  current(): CertificatePair {
    return this.#pair;
  }

  onChange(listener: () => void): Disposable {
    return this.#changed.add(listener);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Replaces it where it is time to. Never fails. */
  protected abstract look(): void | Promise<void>;

  protected replace(pair: CertificatePair): void {
    this.#pair = pair;
    this.#changed.tell();
  }
}
