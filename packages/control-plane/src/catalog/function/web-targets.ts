import { ClassParameterInfo_ParameterSerializationFormat as Format } from "@dorian/protocol/modal";
import type { AppRegistry } from "../app/app-registry.ts";
import { isOpen } from "../app/app.ts";
import type { WebTarget, WebTargets } from "../../dispatch/ports.ts";
import { siteOfDomain } from "./domain-site.ts";
import type { FunctionRecord } from "./function-record.ts";
import type { FunctionRegistry } from "./function-registry.ts";
import { classFunctionOf } from "./handle-metadata.ts";
import { aliasedMethod, classFunctionTag } from "./method-alias.ts";

/** Finds what a web function's tag means, in all layouts of classes. */
export function createWebTargets(options: { apps: AppRegistry; functions: FunctionRegistry }): WebTargets {
  const { apps, functions } = options;
  return {
    siteOfDomain: (host) => siteOfDomain(host, options),
    webTarget(appId, tag) {
      const app = apps.get(appId);
      if (!app) return undefined;
      const { scope } = app;
      const isActive = (each: string) => isOpen(app) && app.functionIds.has(each);
      const own = functions.byTag(appId, tag);
      const config = own?.definition?.webhookConfig;
      if (own && config) {
        const methodName = aliasedMethod(own);
        const functionId = methodName === "" ? own.functionId : classFunctionOf(functions, own)?.functionId;
        if (functionId === undefined) return undefined;
        return {
          functionId,
          scope,
          methodName,
          parameters: [],
          config,
          isNode: isNode(own),
          active: isActive(tag),
        };
      }
      return methodTarget(tag);

      function methodTarget(methodTag: string): WebTarget | undefined {
        const classTag = classFunctionTag(methodTag);
        const record = classTag === undefined ? undefined : functions.byTag(appId, classTag);
        const methodName = methodTag.slice(methodTag.lastIndexOf(".") + 1);
        const { methodDefinitions, classParameterInfo } = record?.definition ?? {};
        const webhook = methodDefinitions?.[methodName]?.webhookConfig;
        if (!record || !webhook) return undefined;
        const isReadable = classParameterInfo?.format === Format.PARAM_SERIALIZATION_FORMAT_PROTO;
        return {
          functionId: record.functionId,
          scope,
          methodName,
          parameters: isReadable ? classParameterInfo.schema : [],
          config: webhook,
          isNode: isNode(record),
          active: isActive(record.tag),
        };
      }
    },
  };
}

function isNode({ definition }: FunctionRecord): boolean {
  return definition?.nodeEntrypoint !== undefined;
}
