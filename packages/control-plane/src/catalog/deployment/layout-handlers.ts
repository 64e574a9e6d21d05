import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { appLayout, appObjects, type LayoutSources } from "../function/app-layout.ts";
import type { AppRegistry } from "../app/app-registry.ts";

/** What an app consists of, for clients that deploy over it and for its containers. */
export function layoutHandlers(options: { layout: LayoutSources; apps: AppRegistry }) {
  const { layout, apps } = options;
  return {
    async appGetLayout(request) {
      return { appLayout: appLayout(layout, apps.require(request.appId), { unpublished: false }) };
    },

    async appGetObjects(request) {
      const { includeUnindexed, onlyClassFunction } = request;
      const app = apps.require(request.appId);
      return { items: appObjects(layout, app, { unindexed: includeUnindexed, onlyClassFunction }) };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}
