import type { StartBuild } from "@dorian/protocol/worker";
import type { BuildStage } from "./build-stage.ts";
import { type StepCache, stepKey } from "./step-cache.ts";

/**
 * A step: what it comes to is found again by all that it depends on, or it is done, and then kept at once. A step that writes to
 * a volume is done by every build: what it wrote there counts only when all have succeeded.
 *
 * @returns the layer to keep, if there is one
 */
export async function doOnce(
  dependsOn: Record<string, unknown>,
  work: () => Promise<void>,
  {
    request,
    stage,
    steps,
    say,
  }: {
    request: StartBuild;
    stage: BuildStage;
    steps: StepCache;
    say: (text: string) => void;
  },
): Promise<string | undefined> {
  const { volumes, secretEnv, gpuDevices, stepScope } = request;
  if (volumes.some((volume) => !volume.readOnly)) {
    await work();
    return undefined;
  }
  const key = stepKey({
    ...dependsOn,
    ...stage.origin,
    scope: stepScope,
    config: stage.config,
    args: stage.args,
    // With their values: what the official client's `env=` gives to a step comes as a secret.
    secrets: secretEnv,
    gpus: gpuDevices.length,
    volumes: volumes.map(({ volumeId, mountPath, subPath }) => [volumeId, mountPath, subPath]),
  });
  const known = await steps.read(key);
  if (known) {
    say("   Done before.\n");
    await stage.take(known.layerId);
    return known.layerId;
  }
  await work();
  const layerId = await stage.freeze();
  await steps.put(key, { layerId });
  return layerId;
}
