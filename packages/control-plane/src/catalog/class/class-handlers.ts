import { AppError } from "@dorian/base/app-error";
import { isOlder } from "@dorian/base/client-version";
import { newId } from "@dorian/base/ids";
import { ClassCreateResponseSchema, type ClassMethod, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency } from "../../database/idempotency.ts";
import type { Environments } from "../../access/environment/environments.ts";
import { appNotDeployed } from "../function/app-not-deployed.ts";
import { classMethods, handleMetadata, type HandleSources } from "../function/handle-metadata.ts";
import type { ClassRegistry } from "./class-registry.ts";

export interface ClassHandlerOptions extends HandleSources {
  apps: AppRegistry;
  classes: ClassRegistry;
  environments: Environments;
  nowMs: () => number;
  idempotency: Idempotency;
}

export function classHandlers(options: ClassHandlerOptions) {
  const { apps, classes, functions, environments, nowMs, idempotency } = options;

  /** The methods as the client named them, with what it must know to call them. */
  const described = (appId: string, methods: readonly ClassMethod[]) =>
    methods.map(({ functionName, functionId }) => {
      const record = functions.require(functionId);
      if (record.appId === appId) {
        const metadata = handleMetadata(
          options,
          { ...record, definition: undefined },
          record.pending ?? record.definition,
          record.pendingId || record.definitionId,
        );
        return { functionName, functionId, functionHandleMetadata: metadata };
      }
      throw new AppError("FUNCTION_OF_OTHER_APP", `${functionId} is not a function of this app.`, {
        status: "INVALID_ARGUMENT",
        remedy: "Create the methods of a class in the same app.",
      });
    });

  return {
    async classCreate(request, context) {
      const { appId } = apps.requireOpen(request.appId);
      const handle = { methods: described(appId, request.methods) };
      if (request.existingClassId !== "") {
        const { classId } = classes.require(request.existingClassId, appId);
        return { classId, handleMetadata: handle };
      }
      return await idempotency.once(
        context,
        { method: "ClassCreate", schema: ClassCreateResponseSchema },
        async (trx) => {
          const classId = newId("cs");
          const row = { class_id: classId, app_id: appId, created_at: nowMs() };
          await trx.insertInto("class").values(row).execute();
          return {
            response: { classId, handleMetadata: handle },
            committed: () => classes.put({ classId, appId }),
          };
        },
      );
    },

    async classGet(request, context) {
      const { scope } = environments.require(request.environmentName);
      const app = apps.callable(scope, request.appName);
      if (!app) throw appNotDeployed(request.appName);
      const tag = request.objectTag;
      const classId = app.classIds.get(tag);
      if (classId === undefined) {
        throw new AppError("CLASS_NOT_FOUND", `The app "${request.appName}" has no class "${tag}".`, {
          status: "NOT_FOUND",
          remedy: `It has: ${[...app.classIds.keys()].join(", ") || "no classes"}.`,
        });
      }
      const functionId = app.functionIds.get(`${tag}.*`);
      if (functionId === undefined && request.onlyClassFunction) {
        throw new AppError(
          "CLASS_LAYOUT_OLD",
          `The class "${tag}" was deployed by a client from before 0.63, which this one cannot call.`,
          {
            status: "FAILED_PRECONDITION",
            remedy: "Deploy it with a newer client, or call it with an older one.",
          },
        );
      }
      if (functionId !== undefined && isOlder(context.clientVersion, "0.63")) {
        throw new AppError(
          "CLASS_LAYOUT_NEW",
          `The class "${tag}" was deployed by a client from 0.63 on, which this one cannot call.`,
          { status: "FAILED_PRECONDITION", remedy: "Call it with a newer client." },
        );
      }
      const methods = classMethods(options, app, tag);
      if (functionId === undefined) return { classId, handleMetadata: { methods } };
      const classFunctionMetadata = handleMetadata(options, functions.require(functionId));
      return { classId, handleMetadata: { methods, classFunctionId: functionId, classFunctionMetadata } };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}
