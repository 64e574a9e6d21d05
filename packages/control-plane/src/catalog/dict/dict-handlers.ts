import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { AppError } from "@dorian/base/app-error";
import {
  DictCreateResponseSchema,
  DictGetOrCreateResponseSchema,
  DictPopResponseSchema,
  DictUpdateResponseSchema,
  ObjectCreationType,
  type DictEntry,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Transaction } from "kysely";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency } from "../../database/idempotency.ts";
import type { RecentAnswers } from "../../database/recent-answers.ts";
import type { Tables } from "../../schema/tables.ts";
import type { Environments } from "../../access/environment/environments.ts";
import { getOrCreateObject } from "../named-object/get-or-create.ts";
import type { Lifetimes } from "../named-object/lifetimes.ts";
import { metadataOf } from "../named-object/named-objects.ts";
import type { NamedObject } from "../named-object/named-object.ts";
import { newestFirst } from "../named-object/newest-first.ts";
import { LargeValue, smallValueBytes, type DictStore } from "./dict-store.ts";

export interface DictHandlerOptions {
  dicts: DictStore;
  apps: AppRegistry;
  environments: Environments;
  lifetimes: Lifetimes;
  idempotency: Idempotency;
  answers: RecentAnswers;
}

const maxEntries = 10_000;

export function dictHandlers(options: DictHandlerOptions) {
  const { dicts, apps, environments, lifetimes, idempotency, answers } = options;
  const { objects } = dicts;
  const creating = (data: readonly DictEntry[]) => {
    checkEntries(data);
    const fill = async (trx: Transaction<Tables>, { objectId }: NamedObject) => {
      await dicts.update(trx, objectId, data, { ifNotExists: false });
    };
    return { kind: objects, traits: {}, apps, idempotency, fill };
  };

  return {
    async dictGetOrCreate(request, context) {
      const wanted = {
        scope: environments.require(request.environmentName).scope,
        name: request.deploymentName,
        type: request.objectCreationType,
        appId: "",
      };
      const once = { method: "DictGetOrCreate", schema: DictGetOrCreateResponseSchema };
      return await getOrCreateObject(creating(request.data), context, once, wanted, (object) => ({
        dictId: object.objectId,
        metadata: metadataOf(object),
      }));
    },

    async dictCreate(request, context) {
      const { appId, existingDictId, data } = request;
      if (existingDictId !== "") return { dictId: objects.require(existingDictId).objectId };
      const { scope } = apps.requireOpen(appId);
      const type = ObjectCreationType.ANONYMOUS_OWNED_BY_APP;
      const once = { method: "DictCreate", schema: DictCreateResponseSchema };
      const wanted = { scope, name: "", type, appId };
      return await getOrCreateObject(creating(data), context, once, wanted, (object) => ({
        dictId: object.objectId,
      }));
    },

    async dictGetById(request) {
      const object = objects.require(request.dictId);
      return { dictId: object.objectId, metadata: metadataOf(object) };
    },

    async dictHeartbeat(request) {
      lifetimes.heartbeat(objects.require(request.dictId).objectId);
      return {};
    },

    async dictList(request) {
      const { environmentName, page } = newestFirst(objects.all(), environments, request);
      return {
        environmentName,
        dicts: page.map((object) => ({
          name: object.name,
          createdAt: object.createdAtMs / 1000,
          dictId: object.objectId,
          metadata: metadataOf(object),
        })),
      };
    },

    async dictDelete(request, context) {
      return await idempotency.once(context, { method: "DictDelete", schema: EmptySchema }, async (trx) => ({
        response: {},
        committed: await dicts.delete(trx, request.dictId),
      }));
    },

    async dictClear(request, context) {
      objects.require(request.dictId);
      return await answers.once(context, { method: "DictClear", schema: EmptySchema }, async (trx) => {
        await dicts.clear(trx, request.dictId);
        return { response: {} };
      });
    },

    async dictUpdate(request, context) {
      const { dictId, updates, ifNotExists } = request;
      objects.require(dictId);
      checkEntries(updates);
      const once = { method: "DictUpdate", schema: DictUpdateResponseSchema };
      return await answers.once(context, once, async (trx) => {
        await objects.requireIn(trx, dictId);
        return { response: { created: await dicts.update(trx, dictId, updates, { ifNotExists }) } };
      });
    },

    async dictGet(request, { takeRoom }) {
      objects.require(request.dictId);
      const value = await dicts.get(request.dictId, request.key, takeRoom);
      return value === undefined ? { found: false } : { found: true, value };
    },

    async dictPop(request, context) {
      objects.require(request.dictId);
      const once = { method: "DictPop", schema: DictPopResponseSchema };
      const pop = (mostBytes: number) =>
        answers.once(context, once, async (trx) => {
          const value = await dicts.pop(trx, request.dictId, request.key, { mostBytes });
          return { response: value === undefined ? { found: false } : { found: true, value } };
        });
      try {
        return await pop(smallValueBytes);
      } catch (error) {
        if (!(error instanceof LargeValue)) throw error;
        await context.takeRoom?.(error.bytes);
        return await pop(Number.MAX_SAFE_INTEGER);
      }
    },

    async dictContains(request) {
      objects.require(request.dictId);
      return { found: await dicts.contains(request.dictId, request.key) };
    },

    async dictLen(request) {
      objects.require(request.dictId);
      return { len: await dicts.length(request.dictId) };
    },

    async *dictContents(request, { takeRoom }) {
      const { dictId, keys, values } = request;
      objects.require(dictId);
      for await (const entry of dicts.contents(dictId, { values, takeRoom })) {
        yield { ...(keys ? { key: entry.key } : {}), ...(values ? { value: entry.value } : {}) };
      }
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function checkEntries(entries: readonly DictEntry[]): void {
  if (entries.length <= maxEntries) return;
  throw new AppError("DICT_UPDATE_TOO_LARGE", `The update has ${entries.length} entries.`, {
    status: "INVALID_ARGUMENT",
    remedy: `Send at most ${maxEntries} at a time.`,
  });
}
