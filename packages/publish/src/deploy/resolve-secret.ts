import { ObjectCreationType } from "@dorian/protocol/modal";
import type { Secret } from "@dorian/sdk";
import type { DeploySession } from "./deploy-session.ts";

/** The server's ids of secrets. Values given in the code become secrets of the app. */
export function resolveSecrets(session: DeploySession, secrets: Secret[]): Promise<string[]> {
  return Promise.all(
    secrets.map(async (secret) => {
      const request = secret.name
        ? {
            deploymentName: secret.name,
            environmentName: secret.environment,
            objectCreationType: ObjectCreationType.UNSPECIFIED,
            requiredKeys: [...secret.requiredKeys],
          }
        : {
            envDict: { ...secret.values },
            objectCreationType: ObjectCreationType.ANONYMOUS_OWNED_BY_APP,
            appId: session.appId,
          };
      return (await session.modal.secretGetOrCreate(request, { signal: session.signal })).secretId;
    }),
  );
}
