import { AppDisconnectReason, AppState } from "@dorian/protocol/modal";
import type { App } from "@dorian/sdk";
import { checkName } from "@dorian/sdk/name-rules";
import { deployApp, type DeployedApp, type DeployOptions } from "./deploy-app.ts";

/** Deploys an app under its name: over the one that has it, whose functions keep their ids, or as a new one. */
export async function deployByName(
  app: App,
  options: Omit<DeployOptions, "appId" | "state" | "existing">,
): Promise<DeployedApp> {
  const { modal } = options.transport;
  const { signal } = options;
  const name = checkName("an app", options.name ?? app.name);
  const found = await modal.appGetByDeploymentName({ name }, { signal });
  if (found.appId !== "") {
    const { appLayout } = await modal.appGetLayout({ appId: found.appId }, { signal });
    const existing = { functionIds: appLayout?.functionIds ?? {}, classIds: appLayout?.classIds ?? {} };
    return deployApp(app, { ...options, appId: found.appId, existing, state: AppState.DEPLOYED });
  }
  const { appId } = await modal.appCreate({ description: name, appState: AppState.INITIALIZING }, { signal });
  try {
    return await deployApp(app, { ...options, appId, state: AppState.DEPLOYED });
  } catch (error) {
    await modal.appClientDisconnect({
      appId,
      reason: AppDisconnectReason.DEPLOYMENT_EXCEPTION,
      exception: String(error).slice(0, 1000),
    });
    throw error;
  }
}
