import type { MessageInitShape } from "@bufbuild/protobuf";
import type { FunctionOptionsSchema } from "@dorian/protocol/modal";
import { CloudBucketMount } from "../bucket/cloud-bucket-mount.ts";
import { resolveBuckets } from "../bucket/resolve-buckets.ts";
import { transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";
import { gpuRequest } from "../gpu.ts";
import { resolveSecrets } from "../secret/resolve-secrets.ts";
import { Secret } from "../secret/secret.ts";
import { retryMessage } from "./retry-policy.ts";
import type { VariantOptions } from "./variant-options.ts";

type OptionsMessage = MessageInitShape<typeof FunctionOptionsSchema>;

/** What makes a variant of a function: parameters of its class, and options that are not as deployed. */
export interface Binding {
  serializedParams?: Uint8Array | undefined;
  options?: VariantOptions | undefined;
}

/**
 * The id of a function's variant, asked for once for each id of the function's, and again after a failure; that of the function itself
 * where nothing is bound.
 */
export function bindOnce(
  baseFunctionId: () => Promise<string>,
  { serializedParams, options = {} }: Binding,
): () => Promise<string> {
  let bound: { of: string; variant: Promise<string> } | undefined;
  const bind = async (functionId: string) => {
    const isChanged = Object.values(options).some((value) => value !== undefined);
    if (serializedParams === undefined && !isChanged) return functionId;
    const wire = await transport();
    const functionOptions = isChanged ? await optionsMessage(wire, functionId, options) : {};
    const request = { functionId, serializedParams: serializedParams ?? new Uint8Array(), functionOptions };
    return (await wire.modal.functionBindParams(request)).boundFunctionId;
  };
  return async () => {
    const functionId = await baseFunctionId();
    if (bound?.of !== functionId) bound = { of: functionId, variant: bind(functionId) };
    try {
      return await bound.variant;
    } catch (error) {
      bound = undefined;
      throw error;
    }
  };
}

async function optionsMessage(
  wire: Transport,
  functionId: string,
  options: VariantOptions,
): Promise<OptionsMessage> {
  const { timeout, scaledownWindow, maxConcurrentInputs, batched, retries } = options;
  const target = options.targetConcurrentInputs ?? maxConcurrentInputs;
  const [secretIds, volumeMounts, cloudBucketMounts] = await Promise.all([
    secretIdsOf(wire, functionId, options),
    volumeMountsOf(wire, options.volumes),
    bucketMountsOf(wire, functionId, options.volumes),
  ]);
  return {
    ...(secretIds ? { secretIds, replaceSecretIds: true } : {}),
    ...(volumeMounts ? { volumeMounts, replaceVolumeMounts: true } : {}),
    ...(cloudBucketMounts ? { cloudBucketMounts, replaceCloudBucketMounts: true } : {}),
    ...resourcesOf(options),
    ...(retries === undefined ? {} : { retryPolicy: retryMessage(retries) }),
    ...(timeout === undefined ? {} : { timeoutSecs: Math.ceil(timeout) }),
    ...(options.minContainers === undefined ? {} : { warmPoolSize: options.minContainers }),
    ...(options.maxContainers === undefined ? {} : { concurrencyLimit: options.maxContainers }),
    ...(options.bufferContainers === undefined ? {} : { bufferContainers: options.bufferContainers }),
    ...(scaledownWindow === undefined ? {} : { taskIdleTimeoutSecs: Math.round(scaledownWindow) }),
    ...(maxConcurrentInputs === undefined ? {} : { maxConcurrentInputs }),
    ...(target === undefined ? {} : { targetConcurrentInputs: target }),
    ...(batched ? { batchMaxSize: batched.maxBatchSize, batchLingerMs: BigInt(batched.waitMs) } : {}),
  };
}

async function secretIdsOf(
  { modal }: Transport,
  functionId: string,
  { secrets, env }: VariantOptions,
): Promise<string[] | undefined> {
  if (!secrets && !env) return undefined;
  const all = [...(secrets ?? []), ...(env ? [Secret.fromObject(env)] : [])];
  return await resolveSecrets(modal, all, { appId: await ownerOf(modal, functionId, all) });
}

/** The app of the function, to which secrets belong that are given here. */
async function ownerOf(
  modal: Transport["modal"],
  functionId: string,
  secrets: readonly Secret[],
): Promise<string> {
  const isGivenHere = secrets.some(({ name }) => name === "");
  const found = isGivenHere ? await modal.functionGetById({ functionId }) : undefined;
  return found?.handleMetadata?.appId ?? "";
}

async function bucketMountsOf(
  { modal }: Transport,
  functionId: string,
  volumes: VariantOptions["volumes"],
): Promise<OptionsMessage["cloudBucketMounts"]> {
  if (!volumes) return undefined;
  const secrets = Object.values(volumes).flatMap((mount) =>
    mount instanceof CloudBucketMount ? (mount.options.secret ?? []) : [],
  );
  return await resolveBuckets(modal, volumes, { appId: await ownerOf(modal, functionId, secrets) });
}

async function volumeMountsOf(
  wire: Transport,
  volumes: VariantOptions["volumes"],
): Promise<OptionsMessage["volumeMounts"]> {
  if (!volumes) return undefined;
  const mounts = Object.entries(volumes).flatMap(([path, mount]) =>
    mount instanceof CloudBucketMount ? [] : [[path, mount] as const],
  );
  return await Promise.all(
    mounts.map(async ([mountPath, volume]) => ({
      volumeId: await volume.resolve(wire),
      mountPath,
      allowBackgroundCommits: true,
      readOnly: volume.mountOptions.readOnly ?? false,
      ...(volume.mountOptions.subPath ? { subPath: volume.mountOptions.subPath } : {}),
    })),
  );
}

/** Zeros stand for what is as deployed. */
function resourcesOf({ cpu, memory, gpu, ephemeralDisk }: VariantOptions): Pick<OptionsMessage, "resources"> {
  if ([cpu, memory, gpu, ephemeralDisk].every((value) => value === undefined)) return {};
  const [cores, mib] = [range(cpu), range(memory)];
  const gpuConfig = gpuRequest(gpu);
  return {
    resources: {
      milliCpu: Math.round(cores.request * 1000),
      milliCpuMax: Math.round(cores.limit * 1000),
      memoryMb: Math.round(mib.request),
      memoryMbMax: Math.round(mib.limit),
      ephemeralDiskMb: ephemeralDisk ?? 0,
      ...(gpuConfig ? { gpuConfig: { gpuType: gpuConfig.type, count: gpuConfig.count } } : {}),
    },
  };
}

function range(value: VariantOptions["cpu"]): { request: number; limit: number } {
  return typeof value === "object" ? value : { request: value ?? 0, limit: 0 };
}
