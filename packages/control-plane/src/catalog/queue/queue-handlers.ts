import { EmptySchema } from "@bufbuild/protobuf/wkt";
import {
  ObjectCreationType,
  QueueCreateResponseSchema,
  QueueGetOrCreateResponseSchema,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency } from "../../database/idempotency.ts";
import type { RecentAnswers } from "../../database/recent-answers.ts";
import type { Environments } from "../../access/environment/environments.ts";
import { getOrCreateObject } from "../named-object/get-or-create.ts";
import type { Lifetimes } from "../named-object/lifetimes.ts";
import { metadataOf } from "../named-object/named-objects.ts";
import { newestFirst } from "../named-object/newest-first.ts";
import { itemHandlers } from "./item-handlers.ts";
import type { QueueStore } from "./queue-store.ts";

export interface QueueHandlerOptions {
  queues: QueueStore;
  apps: AppRegistry;
  environments: Environments;
  lifetimes: Lifetimes;
  idempotency: Idempotency;
  answers: RecentAnswers;
}

/** Queues as objects: making, naming, listing; and what goes through them. */
export function queueHandlers(options: QueueHandlerOptions) {
  const { queues, apps, environments, lifetimes, idempotency } = options;
  const { objects } = queues;
  const creating = { kind: objects, traits: {}, apps, idempotency };

  return {
    ...itemHandlers(options),

    async queueGetOrCreate(request, context) {
      const wanted = {
        scope: environments.require(request.environmentName).scope,
        name: request.deploymentName,
        type: request.objectCreationType,
        appId: "",
      };
      const once = { method: "QueueGetOrCreate", schema: QueueGetOrCreateResponseSchema };
      return await getOrCreateObject(creating, context, once, wanted, (object) => ({
        queueId: object.objectId,
        metadata: metadataOf(object),
      }));
    },

    async queueCreate(request, context) {
      const { appId, existingQueueId } = request;
      if (existingQueueId !== "") return { queueId: objects.require(existingQueueId).objectId };
      const { scope } = apps.requireOpen(appId);
      const wanted = { scope, name: "", type: ObjectCreationType.ANONYMOUS_OWNED_BY_APP, appId };
      const once = { method: "QueueCreate", schema: QueueCreateResponseSchema };
      return await getOrCreateObject(creating, context, once, wanted, (object) => ({
        queueId: object.objectId,
      }));
    },

    async queueGetById(request) {
      const object = objects.require(request.queueId);
      return { queueId: object.objectId, metadata: metadataOf(object) };
    },

    async queueHeartbeat(request) {
      lifetimes.heartbeat(objects.require(request.queueId).objectId);
      return {};
    },

    async queueList(request) {
      const { environmentName, page } = newestFirst(objects.all(), environments, request);
      return {
        environmentName,
        queues: page.map((object) => {
          const filled = [...queues.filled(object.objectId)];
          const size = filled.reduce((sum, partition) => sum + partition.length, 0);
          return {
            name: object.name,
            createdAt: object.createdAtMs / 1000,
            numPartitions: filled.length,
            totalSize: Math.min(size, request.totalSizeLimit || size),
            queueId: object.objectId,
            metadata: metadataOf(object),
          };
        }),
      };
    },

    async queueDelete(request, context) {
      const { queueId } = request;
      using taken = new DisposableStack();
      return await idempotency.onceAfter(
        context,
        { method: "QueueDelete", schema: EmptySchema },
        async () => {
          const contents = taken.use(queues.takeAll(queues.filled(queueId)));
          return async (trx) => ({ response: {}, committed: await queues.delete(trx, queueId, contents) });
        },
      );
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}
