import { createLocalClient } from "@dorian/protocol/client/local-client";
import { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Logger } from "pino";
import type { Access } from "../access/open-access.ts";
import type { Registries } from "../catalog/registries.ts";
import { createWebTargets } from "../catalog/function/web-targets.ts";
import type { Stores } from "../database/open-stores.ts";
import type { Dispatch } from "../dispatch/open-dispatch.ts";
import { proxyTokenHandlers } from "./proxy-token-handlers.ts";
import { ProxyTokens } from "./proxy-tokens.ts";
import type { WebFront } from "./web-front.ts";

export interface WebOptions {
  stores: Stores;
  access: Pick<Access, "tokens" | "environments" | "client">;
  registries: Registries;
  dispatch: Pick<Dispatch, "web">;
  front: WebFront;
  logger: Logger;
  nowMs: () => number;
  elapsedMs: () => number;
}

/** Requests of web clients, as calls of functions. */
export async function openWeb(options: WebOptions) {
  const { stores, access, registries, dispatch, front, logger, nowMs, elapsedMs } = options;
  const { tokens, environments, client } = access;
  const proxyTokens = await ProxyTokens.load({
    ...stores,
    nowMs,
    elapsedMs,
    isLive: (id) => tokens.live(id) !== undefined,
  });
  tokens.onEnd(({ tokenId }) => {
    proxyTokens.makerEnded(tokenId).catch((error: unknown) => {
      logger.error({ err: error, tokenId }, "proxy tokens of an ended token could not be removed");
    });
  });
  return {
    modal: [
      proxyTokenHandlers({
        tokens: proxyTokens,
        environments,
        idempotency: registries.idempotency,
      }),
    ] as const,
    /** Takes requests from now on. `modal` binds the parameters that a request gives to a class. */
    serve(modal: ServiceHandlers<typeof ModalClient>): void {
      const local = createLocalClient(ModalClient, modal, { kind: "client", tokenId: client.tokenId });
      front.serve({
        targets: createWebTargets(registries),
        ...dispatch.web,
        tokens: proxyTokens,
        bind: async (functionId, serializedParams) =>
          (await local.functionBindParams({ functionId, serializedParams })).boundFunctionId,
      });
    },
    [Symbol.asyncDispose]: () => front[Symbol.asyncDispose](),
  };
}
