import type { DictEntry, ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { newestFirst } from "./newest-first.ts";
import { NamedObjects } from "./named-objects.ts";

/** Entries by their key's bytes, in the order they came in. */
type Entries = Map<string, Pick<DictEntry, "key" | "value">>;

/** Dicts, in memory. */
export function dictHandlers(options: { nowMs: () => number }) {
  const dicts = new NamedObjects<Entries>({ noun: "dict", prefix: "di", make: () => new Map(), ...options });
  const entriesOf = (dictId: string) => dicts.require(dictId).value;
  const update = (entries: Entries, updates: readonly DictEntry[], ifNotExists: boolean): boolean => {
    const missing = updates.filter(({ key }) => !ifNotExists || !entries.has(idOf(key)));
    for (const { key, value } of missing) entries.set(idOf(key), { key, value });
    return missing.length > 0;
  };
  return {
    async dictGetOrCreate(request) {
      const { objectId, name, value } = dicts.getOrCreate(request);
      if (value.size === 0) update(value, request.data, false);
      return { dictId: objectId, metadata: { name } };
    },
    async dictGetById({ dictId }) {
      return { dictId, metadata: { name: dicts.require(dictId).name } };
    },
    async dictHeartbeat({ dictId }) {
      dicts.require(dictId);
      return {};
    },
    async dictList(request) {
      const { environmentName, page } = newestFirst(dicts.all, request);
      const list = page.map(({ objectId, name, createdAtMs }) => ({
        dictId: objectId,
        name,
        createdAt: createdAtMs / 1000,
        metadata: { name },
      }));
      return { environmentName, dicts: list };
    },
    async dictDelete({ dictId }) {
      dicts.delete(dictId);
      return {};
    },
    async dictClear({ dictId }) {
      entriesOf(dictId).clear();
      return {};
    },
    async dictUpdate({ dictId, updates, ifNotExists }) {
      return { created: update(entriesOf(dictId), updates, ifNotExists) };
    },
    async dictGet({ dictId, key }) {
      const found = entriesOf(dictId).get(idOf(key));
      return found ? { found: true, value: found.value } : { found: false };
    },
    async dictPop({ dictId, key }) {
      const entries = entriesOf(dictId);
      const found = entries.get(idOf(key));
      entries.delete(idOf(key));
      return found ? { found: true, value: found.value } : { found: false };
    },
    async dictContains({ dictId, key }) {
      return { found: entriesOf(dictId).has(idOf(key)) };
    },
    async dictLen({ dictId }) {
      return { len: entriesOf(dictId).size };
    },
    async *dictContents({ dictId, keys, values }) {
      for (const { key, value } of Array.from(entriesOf(dictId).values()))
        yield { ...(keys ? { key } : {}), ...(values ? { value } : {}) };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function idOf(key: Uint8Array): string {
  return Buffer.from(key).toString("base64");
}
