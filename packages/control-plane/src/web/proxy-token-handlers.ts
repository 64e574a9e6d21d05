import { TokenCreateResponseSchema, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Idempotency } from "../database/idempotency.ts";
import type { Environments } from "../access/environment/environments.ts";
import type { ProxyToken, ProxyTokens } from "./proxy-tokens.ts";

export interface ProxyTokenHandlersOptions {
  tokens: ProxyTokens;
  environments: Environments;
  idempotency: Idempotency;
}

/** Tokens of web clients, as `modal workspace proxy-tokens` manages them. */
export function proxyTokenHandlers(options: ProxyTokenHandlersOptions) {
  const { tokens, environments, idempotency } = options;

  const scopeOf = (environmentId: string): string | undefined =>
    environments.all().find((each) => each.environmentId === environmentId)?.scope;

  return {
    async webhookTokenCreate(request, context) {
      return await idempotency.once(
        context,
        { method: "WebhookTokenCreate", schema: TokenCreateResponseSchema },
        async (trx) => {
          const createdBy = context.identity.kind === "client" ? context.identity.tokenId : "";
          const { name, scoped: isScoped, idleSeconds } = request;
          const made = await tokens.create(trx, { name, isScoped, createdBy, idleMs: idleSeconds * 1000 });
          const { tokenId, tokenSecret, committed } = made;
          return { response: { tokenId, tokenSecret }, committed };
        },
      );
    },

    async webhookTokenUpdate(request) {
      const { tokenId, name } = request;
      return wireToken(await tokens.update(tokenId, name === undefined ? {} : { name }));
    },

    async webhookTokenDelete(request) {
      await tokens.remove(request.tokenId);
      return {};
    },

    async webhookTokenList() {
      return { tokens: tokens.list().map(wireToken) };
    },

    async webhookTokenListForEnvironment(request) {
      const { scope } = environments.require(request.environmentName);
      const good = tokens.list().filter((token) => token.environments?.includes(scope) ?? true);
      return { tokens: good.map(wireToken) };
    },

    async webhookTokenEnvironmentList(request) {
      const token = tokens.require(request.tokenId);
      const good = environments.all().filter(({ scope }) => token.environments?.includes(scope) ?? true);
      return { environmentIds: good.map(({ environmentId }) => environmentId) };
    },

    async webhookTokenEnvironmentAdd(request) {
      const { environments: former } = tokens.require(request.tokenId);
      const scope = scopeOf(request.environmentId);
      if (scope === undefined || !former || former.includes(scope)) return {};
      await tokens.update(request.tokenId, { environments: [...former, scope] });
      return {};
    },

    async webhookTokenEnvironmentRemove(request) {
      const token = tokens.require(request.tokenId);
      const scope = scopeOf(request.environmentId);
      const former = token.environments ?? environments.all().map((each) => each.scope);
      await tokens.update(request.tokenId, { environments: former.filter((each) => each !== scope) });
      return {};
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function wireToken(token: ProxyToken) {
  return {
    tokenId: token.tokenId,
    name: token.name,
    createdAt: token.createdAtMs / 1000,
    scoped: token.environments !== undefined,
  };
}
