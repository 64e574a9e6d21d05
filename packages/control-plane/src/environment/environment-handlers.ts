import { AppError } from "@dorian/base/app-error";
import { ObjectCreationType, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { requireClient } from "../token/permissions.ts";
import { defaultEnvironment, type Environments } from "./environments.ts";

/** Builder version that current clients take from the environment, and the one that those of 2024 take from the hello. */
const builderVersion = "2025.06";
const builderVersionOf2024 = "2024.04";

export function createEnvironmentHandlers(environments: Environments) {
  return {
    async clientHello() {
      return { imageBuilderVersion: builderVersionOf2024 };
    },

    async environmentGetOrCreate(request, context) {
      const name = request.deploymentName || defaultEnvironment;
      const environment = await found(name);
      return {
        environmentId: environment.environmentId,
        metadata: { name, settings: { imageBuilderVersion: builderVersion, webhookSuffix: "" } },
      };

      async function found(name: string) {
        switch (request.objectCreationType) {
          case ObjectCreationType.UNSPECIFIED:
            return environments.require(name);
          case ObjectCreationType.CREATE_FAIL_IF_EXISTS:
            if (environments.lookup(name)) {
              throw new AppError("ENVIRONMENT_EXISTS", `There is an environment named "${name}" already.`, {
                status: "ALREADY_EXISTS",
                remedy: "Use it, or choose another name.",
              });
            }
        }
        if (!environments.lookup(name)) requireClient(context, "Creating environments");
        return await environments.getOrCreate(name);
      }
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}
