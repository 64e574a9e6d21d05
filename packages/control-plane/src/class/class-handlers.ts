import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { ClassCreateResponseSchema, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency } from "../database/idempotency.ts";
import type { Environments } from "../environment/environments.ts";
import { appNotDeployed } from "../function/function-handlers.ts";
import type { FunctionRegistry } from "../function/function-registry.ts";
import { handleMetadata } from "../function/handle-metadata.ts";
import type { ClassRegistry } from "./class-registry.ts";

export function createClassHandlers(options: {
  apps: AppRegistry;
  classes: ClassRegistry;
  functions: FunctionRegistry;
  environments: Environments;
  idempotency: Idempotency;
}) {
  const { apps, classes, functions, environments, idempotency } = options;
  return {
    async classCreate(request, context) {
      const { appId } = apps.requireOpen(request.appId);
      if (!request.onlyClassFunction && request.methods.length > 0) {
        throw new AppError(
          "CLASS_LAYOUT_UNSUPPORTED",
          "Classes with a function for each method are not served.",
          {
            status: "UNIMPLEMENTED",
            remedy: "Use a client that declares methods in the class function.",
          },
        );
      }
      if (request.existingClassId !== "") {
        return { classId: classes.require(request.existingClassId, appId).classId, handleMetadata: {} };
      }
      return await idempotency.once(
        context,
        { method: "ClassCreate", schema: ClassCreateResponseSchema },
        async (trx) => {
          const classId = newId("cs");
          const row = { class_id: classId, app_id: appId, created_at: Date.now() };
          await trx.insertInto("class").values(row).execute();
          return {
            response: { classId, handleMetadata: {} },
            committed: () => classes.put({ classId, appId }),
          };
        },
      );
    },

    async classGet(request) {
      const environment = environments.require(request.environmentName).name;
      const app = apps.deployed(environment, request.appName);
      if (!app) throw appNotDeployed(request.appName);
      const classId = app.classIds.get(request.objectTag);
      const functionId = app.functionIds.get(`${request.objectTag}.*`);
      if (classId === undefined || functionId === undefined) {
        throw new AppError(
          "CLASS_NOT_FOUND",
          `The app "${request.appName}" has no class "${request.objectTag}".`,
          { status: "NOT_FOUND", remedy: `It has: ${[...app.classIds.keys()].join(", ") || "no classes"}.` },
        );
      }
      const record = functions.require(functionId);
      return {
        classId,
        handleMetadata: {
          classFunctionId: functionId,
          classFunctionMetadata: handleMetadata(record, record.definition, record.definitionId),
        },
      };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}
