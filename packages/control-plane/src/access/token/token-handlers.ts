import { AppError } from "@dorian/base/app-error";
import type { Environments } from "../environment/environments.ts";
import type { ModalClient } from "@dorian/protocol/modal";
import type { OperatorService } from "@dorian/protocol/operator";
import type { CallContext, Identity, ServiceHandlers, TokenScope } from "@dorian/protocol/service";
import { tokenFlowPath } from "./token-flow-page.ts";
import type { TokenFlows } from "./token-flows.ts";
import { limitsWithin, type TokenLimits } from "./token-limits.ts";
import { scopeOf, type Token } from "./token.ts";
import type { Tokens } from "./tokens.ts";

export interface TokenHandlerOptions {
  tokens: Tokens;
  flows: TokenFlows;
  environments: Environments;
  nowMs: () => number;
  /** Identity of the data directory, which stands for the workspace. */
  dataDirectoryId: string;
  /** Where clients reach the HTTP server. */
  baseUrl: string;
}

/** There are no accounts: everybody with a token shares one workspace. Clients name their profile after it. */
const workspace = "dorian";

const longestWaitSecs = 60;

/** Who may call: how clients come by tokens and what they can ask about theirs. */
export function tokenHandlers(options: TokenHandlerOptions) {
  const { tokens, flows, environments, nowMs, dataDirectoryId, baseUrl } = options;
  const workspaceId = dataDirectoryId.replace(/^[a-z]+-/, "ac-");

  /** What a new token may have of what is wanted, when `identity` makes it. */
  const limitsFor = (identity: Identity, wanted: TokenScope & { validSecs: number }): TokenLimits => {
    const { validSecs, ...scope } = wanted;
    const expiresAt = validSecs > 0 ? nowMs() + validSecs * 1000 : undefined;
    const maker = identity.kind === "client" ? { ...scopeOf(identity), ...expiryOf(identity) } : {};
    return limitsWithin(maker, { ...scope, expiresAtMs: expiresAt }, (environment) =>
      environments.nameOf(environment),
    );
  };
  const expiryOf = ({ tokenId }: { tokenId: string }) => ({ expiresAtMs: tokens.get(tokenId)?.expiresAtMs });

  /** A token that reaches one environment shows those that reach no more. */
  const isVisible = (token: Token, identity: Identity): boolean =>
    identity.kind === "client" &&
    (identity.environment === undefined || identity.environment === token.environment);

  /** Itself, and what was made with it; for a token that reaches everything, all. */
  const isUnder = (token: Token, identity: Identity): boolean => {
    if (identity.kind !== "client") return false;
    if (identity.environment === undefined || identity.tokenId === token.tokenId) return true;
    const own = tokens.get(identity.tokenId);
    return own !== undefined && tokens.madeWith(own).includes(token);
  };

  const wireToken = (token: Token) => ({
    tokenId: token.tokenId,
    name: token.name,
    createdAt: token.createdAtMs / 1000,
    expiresAt: (token.expiresAtMs ?? 0) / 1000,
    isOwn: token.isOwn,
    environmentName: token.environment === undefined ? "" : environments.nameOf(token.environment),
    readOnly: token.readOnly ?? false,
    lastUsedAt: (token.lastUsedAtMs ?? 0) / 1000,
    createdBy: tokens.get(token.createdBy)?.name ?? token.createdBy,
  });

  return {
    workspaceId,
    modal: {
      async tokenFlowCreate(request, context) {
        const flow = flows.begin({
          client: clientOf(context),
          address: context.peer ?? "",
          validSecs: request.expiresInSeconds,
        });
        return {
          tokenFlowId: flow.flowId,
          webUrl: `${pageBase(baseUrl, context)}${tokenFlowPath}${flow.flowId}`,
          code: flow.code,
          waitSecret: flow.waitSecret,
        };
      },

      async tokenFlowWait(request, { signal }) {
        const timeoutMs = Math.min(request.timeout, longestWaitSecs) * 1000;
        const granted = await flows.wait(request.tokenFlowId, request.waitSecret, { timeoutMs, signal });
        if (!granted) return { timeout: true };
        const { token, tokenSecret } = granted;
        return { tokenId: token.tokenId, tokenSecret, workspaceUsername: workspace };
      },

      async workspaceNameLookup() {
        return { workspaceName: workspace, username: workspace };
      },

      async tokenInfoGet(_request, { identity }) {
        const base = { workspaceId, workspaceName: workspace };
        const token = identity.kind === "client" ? tokens.get(identity.tokenId) : undefined;
        if (!token) return base;
        return {
          ...base,
          tokenId: token.tokenId,
          tokenName: token.name,
          ...(token.createdAtMs === 0 ? {} : { createdAt: timestamp(token.createdAtMs) }),
          ...(token.expiresAtMs === undefined ? {} : { expiresAt: timestamp(token.expiresAtMs) }),
        };
      },
    } satisfies ServiceHandlers<typeof ModalClient>,

    operator: {
      async tokenCreate({ name, validSecs, environmentName, readOnly }, { identity }) {
        const environment = environmentName === "" ? undefined : environments.require(environmentName).scope;
        const scope = scopeOf({ ...(environment === undefined ? {} : { environment }), readOnly });
        const limits = limitsFor(identity, { ...scope, validSecs });
        const { token, tokenSecret } = await tokens.create({ name, createdBy: makerOf(identity), ...limits });
        return { token: wireToken(token), tokenSecret };
      },

      async tokenList(_request, { identity }) {
        return {
          tokens: tokens
            .list()
            .filter((token) => isVisible(token, identity))
            .map(wireToken),
        };
      },

      async tokenRevoke(request, { identity }) {
        const token = tokens.require(request.token);
        if (!isUnder(token, identity)) throw notYours(token);
        const made = tokens.madeWith(token);
        await tokens.revoke(request.keepMade ? [token] : [token, ...made]);
        return { token: wireToken(token), made: made.map(wireToken) };
      },

      async tokenApprove(request, { identity }) {
        const token = await flows.approve(request.code, {
          name: request.name,
          createdBy: makerOf(identity),
          limitsFor: (validSecs) => limitsFor(identity, { validSecs }),
        });
        return { token: wireToken(token) };
      },
    } satisfies ServiceHandlers<typeof OperatorService>,
  };
}

/** Chooses the address of the page: by the name under which the client knows this server, if it is one, since others may be out of its reach. */
function pageBase(baseUrl: string, { calledUrl = "" }: CallContext): string {
  const base = new URL(baseUrl);
  if (URL.canParse(calledUrl)) base.hostname = new URL(calledUrl).hostname;
  return base.origin;
}

function clientOf(context: CallContext): string {
  return context.clientVersion ? `modal-${context.clientVersion}` : "client";
}

function timestamp(ms: number) {
  return { seconds: BigInt(Math.floor(ms / 1000)) };
}

function makerOf(identity: Identity): string {
  return identity.kind === "client" ? identity.tokenId : "";
}

function notYours(token: Token): AppError {
  return new AppError("TOKEN_NOT_YOURS", `The token "${token.name}" was not made with this one.`, {
    status: "PERMISSION_DENIED",
    remedy: "Revoke it with a token that reaches all environments.",
  });
}
