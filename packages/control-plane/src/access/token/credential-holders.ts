import type { AppError } from "@dorian/base/app-error";
import type { Credential } from "@dorian/protocol/service";

/** Those who go by one credential: calls, transfers, commands. All are told when it ends. */
export class CredentialHolders implements Credential {
  #holders = new Set<(reason: AppError) => void>();
  #ended: AppError | undefined;

  onEnd(ended: (reason: AppError) => void): () => void {
    if (this.#ended) {
      ended(this.#ended);
      return () => undefined;
    }
    this.#holders.add(ended);
    return () => this.#holders.delete(ended);
  }

  get isUnused(): boolean {
    return this.#holders.size === 0;
  }

  get isOver(): boolean {
    return this.#ended !== undefined;
  }

  end(reason: AppError): void {
    if (this.#ended) return;
    this.#ended = reason;
    const holders = [...this.#holders];
    this.#holders.clear();
    for (const ended of holders) ended(reason);
  }
}
