import { ObjectCreationType } from "@dorian/protocol/modal";
import type { Transport } from "../client/transport.ts";
import { callOptions, type WaitOptions } from "../client/wait-options.ts";
import type { Secret } from "./secret.ts";

/** The server's ids of secrets. Values given in the code become secrets of the app. */
export function resolveSecrets(
  modal: Transport["modal"],
  secrets: readonly Secret[],
  { appId, signal }: WaitOptions & { appId: string },
): Promise<string[]> {
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
            appId,
          };
      return (await modal.secretGetOrCreate(request, callOptions(signal))).secretId;
    }),
  );
}
