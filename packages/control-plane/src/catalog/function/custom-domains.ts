import { create } from "@bufbuild/protobuf";
import {
  AppState,
  CustomDomainInfoSchema,
  type Function as FunctionDefinition,
  type MethodDefinition,
} from "@dorian/protocol/modal";
import type { App } from "../app/app.ts";
import { webTags } from "./web-allocation.ts";

/** The parts of a function that say what of it serves the web. */
export type WebParts = Pick<FunctionDefinition, "functionName" | "webhookConfig" | "methodDefinitions">;

/** Domains of a function's own, and the tag of what each leads to. */
export function customDomainsOf(parts: WebParts | undefined): { domain: string; tag: string }[] {
  if (!parts) return [];
  return webTags(parts.functionName, parts).flatMap(([tag, { customDomains }]) =>
    customDomains.map(({ name }) => ({ domain: name.toLowerCase(), tag })),
  );
}

/** Whether it has the domains of its functions, or will: runs are reached at their own addresses alone. */
export function hasDomains({ state }: Pick<App, "state">): boolean {
  return state === AppState.DEPLOYED || state === AppState.INITIALIZING;
}

/** Domains of a web function's own, as addresses: like the one it was given, under another name. */
export function customDomainInfo({
  webUrl,
  webhookConfig,
}: Pick<MethodDefinition, "webUrl" | "webhookConfig">) {
  return (webhookConfig?.customDomains ?? []).map(({ name }) => {
    const address = new URL(webUrl);
    address.hostname = name;
    return create(CustomDomainInfoSchema, { url: address.origin });
  });
}
