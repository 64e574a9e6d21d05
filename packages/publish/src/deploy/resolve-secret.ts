import type { Secret } from "@dorian/sdk";
import { resolveSecrets as resolve } from "@dorian/sdk/secret/resolve-secrets";
import type { DeploySession } from "./deploy-session.ts";

/** The server's ids of secrets. Values given in the code become secrets of the app. */
export function resolveSecrets(session: DeploySession, secrets: Secret[]): Promise<string[]> {
  return resolve(session.modal, secrets, { appId: session.appId, signal: session.signal });
}
