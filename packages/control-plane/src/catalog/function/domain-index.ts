import { customDomainsOf } from "./custom-domains.ts";
import type { FunctionRecord } from "./function-record.ts";

/** Says which live functions have a domain. */
export class DomainIndex {
  #byDomain = new Map<string, Set<string>>();

  add(record: FunctionRecord): void {
    for (const domain of domainsOf(record)) {
      const ids = this.#byDomain.get(domain) ?? new Set();
      this.#byDomain.set(domain, ids.add(record.functionId));
    }
  }

  remove(record: FunctionRecord): void {
    for (const domain of domainsOf(record)) {
      const ids = this.#byDomain.get(domain);
      ids?.delete(record.functionId);
      if (ids?.size === 0) this.#byDomain.delete(domain);
    }
  }

  get(domain: string): Iterable<string> {
    return this.#byDomain.get(domain) ?? [];
  }
}

function domainsOf({ definition, baseFunctionId }: FunctionRecord): string[] {
  // Variants repeat what the function says that they follow.
  return baseFunctionId === undefined ? customDomainsOf(definition).map(({ domain }) => domain) : [];
}
