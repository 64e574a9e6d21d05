import { AppError } from "@dorian/base/app-error";
import { isOlder } from "@dorian/base/client-version";
import {
  ObjectCreationType,
  Warning_WarningType as WarningType,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { requireClient } from "../permission/permissions.ts";
import type { Reach } from "../permission/reach.ts";
import { builderVersionFor, checkBuilderVersion, prescribedBuilderVersion } from "./builder-version.ts";
import { defaultEnvironment, environmentExists, type Environments } from "./environments.ts";
import type { Environment } from "./environment.ts";

/** Objects of one kind that live in environments. */
export interface EnvironmentContents {
  /** Removes all that carry the scope. */
  removeScope(scope: string): Promise<void>;
}

/** The first official client that the project is tried with. */
const oldestClient = "0.62";

export function environmentHandlers(options: {
  environments: Environments;
  /** In the order in which they are removed with their environment. */
  contents: readonly EnvironmentContents[];
  reach: Pick<Reach, "scopeOf">;
}) {
  const { environments, contents, reach } = options;
  return {
    async clientHello(_request, { clientVersion }) {
      const warning = isOlder(clientVersion, oldestClient)
        ? `Dorian is tried with clients from ${oldestClient} on; this is ${clientVersion ?? ""}.`
        : "";
      return {
        warning,
        imageBuilderVersion: builderVersionFor(clientVersion),
        serverWarnings: warning === "" ? [] : [{ type: WarningType.CLIENT_DEPRECATION, message: warning }],
      };
    },

    async environmentGetOrCreate(request, context) {
      const environment = await found(request.deploymentName);
      return {
        environmentId: environment.environmentId,
        metadata: {
          name: environment.name,
          settings: {
            imageBuilderVersion: prescribedBuilderVersion(
              environment.imageBuilderVersion,
              context.clientVersion,
            ),
            webhookSuffix: environment.webSuffix,
          },
        },
      };

      async function found(name: string): Promise<Environment> {
        switch (request.objectCreationType) {
          case ObjectCreationType.UNSPECIFIED:
            return environments.require(name);
          case ObjectCreationType.CREATE_FAIL_IF_EXISTS:
            if (environments.lookup(name)) throw environmentExists(name);
        }
        if (name === "") return environments.default;
        if (!environments.lookup(name)) requireClient(context, "Creating environments");
        return await environments.getOrCreate(name);
      }
    },

    async environmentList(_request, { identity }) {
      const own = reach.scopeOf(identity);
      const items = environments.all().filter(({ scope }) => own === undefined || scope === own);
      return { items: items.map((environment) => listItem(environment)) };
    },

    async environmentCreate(request) {
      if (environments.lookup(request.name)) throw environmentExists(request.name);
      await environments.getOrCreate(request.name);
      return {};
    },

    async environmentUpdate(request) {
      const environment = environments.require(request.currentName);
      const { name, webSuffix, imageBuilderVersion } = request;
      if (imageBuilderVersion) checkBuilderVersion(imageBuilderVersion);
      const changed = await environments.update(environment, {
        ...(name === undefined ? {} : { name }),
        ...(webSuffix === undefined ? {} : { webSuffix }),
        ...(imageBuilderVersion === undefined
          ? {}
          : { imageBuilderVersion: imageBuilderVersion || undefined }),
      });
      return listItem(changed);
    },

    async environmentDelete(request) {
      const environment = environments.require(request.name);
      if (environment.scope === defaultEnvironment) {
        throw new AppError(
          "ENVIRONMENT_IS_DEFAULT",
          `"${environment.name}" is the default environment and stays.`,
          { remedy: "Delete the objects in it one by one, or give it another name." },
        );
      }
      for (const kind of contents) await kind.removeScope(environment.scope);
      await environments.remove(environment);
      return {};
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function listItem(environment: Environment) {
  return {
    name: environment.name,
    webhookSuffix: environment.webSuffix,
    createdAt: environment.createdAtMs / 1000,
    default: environment.scope === defaultEnvironment,
    environmentId: environment.environmentId,
    ...(environment.imageBuilderVersion === undefined
      ? {}
      : { imageBuilderVersion: environment.imageBuilderVersion }),
  };
}
