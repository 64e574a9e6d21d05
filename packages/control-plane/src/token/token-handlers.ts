import type { ModalClient } from "@dorian/protocol/modal";
import type { OperatorService } from "@dorian/protocol/operator";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import { tokenFlowPath } from "./token-flow-page.ts";
import type { TokenFlows } from "./token-flows.ts";
import type { Token, Tokens } from "./tokens.ts";

export interface TokenHandlerOptions {
  tokens: Tokens;
  flows: TokenFlows;
  /** Identity of the data directory, which stands for the workspace. */
  dataDirectoryId: string;
  /** Where clients reach the HTTP server. */
  baseUrl: string;
}

/** There are no accounts: everybody with a token shares one workspace. Clients name their profile after it. */
const workspace = "dorian";

const longestWaitSecs = 60;

/** Who may call: how clients come by tokens and what they can ask about theirs. */
export function createTokenHandlers(options: TokenHandlerOptions) {
  const { tokens, flows, dataDirectoryId, baseUrl } = options;
  const workspaceId = dataDirectoryId.replace(/^[a-z]+-/, "ac-");
  return {
    modal: {
      async tokenFlowCreate(request, context) {
        const flow = flows.begin({ client: clientOf(context), validSecs: request.expiresInSeconds });
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
          ...(token.createdAt === 0 ? {} : { createdAt: timestamp(token.createdAt) }),
          ...(token.expiresAt === undefined ? {} : { expiresAt: timestamp(token.expiresAt) }),
        };
      },
    } satisfies ServiceHandlers<typeof ModalClient>,

    operator: {
      async tokenCreate(request) {
        const { token, tokenSecret } = await tokens.create({
          name: request.name,
          validSecs: request.validSecs,
        });
        return { token: wireToken(token), tokenSecret };
      },

      async tokenList() {
        return { tokens: tokens.list().map(wireToken) };
      },

      async tokenRevoke(request) {
        return { token: wireToken(await tokens.revoke(request.token)) };
      },

      async tokenApprove(request) {
        return { token: wireToken(await flows.approve(request.code, request.name)) };
      },
    } satisfies ServiceHandlers<typeof OperatorService>,
  };
}

/** By the name under which the client knows this server, if it is one: others may be out of its reach. */
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

function wireToken(token: Token) {
  return {
    tokenId: token.tokenId,
    name: token.name,
    createdAt: token.createdAt / 1000,
    expiresAt: (token.expiresAt ?? 0) / 1000,
    isOwn: token.isOwn,
  };
}
