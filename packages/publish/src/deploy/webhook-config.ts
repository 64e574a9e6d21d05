import type { MessageInitShape } from "@bufbuild/protobuf";
import { WebhookType, type WebhookConfigSchema } from "@dorian/protocol/modal";
import type { WebMark } from "@dorian/sdk/web/web-options";

/** How a function or method serves the web, on the wire. */
export function webhookConfig(mark: WebMark): MessageInitShape<typeof WebhookConfigSchema> {
  const isHandler = mark.kind === "handler";
  return {
    type: isHandler ? WebhookType.ASGI_APP : WebhookType.WEB_SERVER,
    method: isHandler ? (mark.method ?? "") : "",
    webEndpointDocs: isHandler && (mark.docs ?? false),
    webServerPort: isHandler ? 0 : mark.port,
    requestedSuffix: mark.label ?? "",
    customDomains: (mark.customDomains ?? []).map((name) => ({ name })),
    requiresProxyAuth: mark.requiresProxyAuth ?? false,
  };
}
