import { clone, create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  FunctionSchema$,
  NetworkAccess_NetworkAccessType as Network,
  ResourcesSchema,
  type Function as FunctionDefinition,
  type Sandbox as SandboxDefinition,
} from "@dorian/protocol/modal";
import type { ImageConfig } from "@dorian/protocol/worker";
import { normaliseGpu } from "../../dispatch/placement/gpu-config.ts";

/**
 * What a sandbox's container is made of, in the terms of a function.
 *
 * @throws AppError SANDBOX_FEATURE_UNSUPPORTED for all that goes beyond a command on an image
 */
export function sandboxFunction(
  sandbox: SandboxDefinition,
  options: { hasTags: boolean },
): FunctionDefinition {
  refuseUnserved(sandbox, options.hasTags);
  const resources = clone(ResourcesSchema, sandbox.resources ?? create(ResourcesSchema));
  const gpu = normaliseGpu(resources.gpuConfig);
  if (gpu) resources.gpuConfig = gpu;
  else delete resources.gpuConfig;
  return create(FunctionSchema$, {
    functionName: "sandbox",
    imageId: sandbox.imageId,
    mountIds: sandbox.mountIds,
    secretIds: sandbox.secretIds,
    volumeMounts: sandbox.volumeMounts,
    cloudBucketMounts: sandbox.cloudBucketMounts,
    timeoutSecs: sandbox.timeoutSecs,
    resources,
    blockNetwork: sandbox.blockNetwork || sandbox.networkAccess?.networkAccessType === Network.BLOCKED,
  });
}

/** What a container is made of in which somebody looks around as in those of a function: it serves nobody. */
export function sandboxLike(
  definition: FunctionDefinition,
  { timeoutSecs }: Pick<SandboxDefinition, "timeoutSecs">,
): FunctionDefinition {
  const { networkAccess, resources, nodeEntrypoint, clientVersion } = definition;
  return create(FunctionSchema$, {
    functionName: "sandbox",
    imageId: definition.imageId,
    mountIds: definition.mountIds,
    mountClientDependencies: definition.mountClientDependencies,
    // Python's containers are given the client of the version that defined them.
    clientVersion: nodeEntrypoint ? "" : clientVersion,
    secretIds: definition.secretIds,
    volumeMounts: definition.volumeMounts,
    cloudBucketMounts: definition.cloudBucketMounts,
    blockNetwork: definition.blockNetwork,
    runtime: definition.runtime,
    untrusted: definition.untrusted,
    readOnlyRoot: definition.readOnlyRoot,
    timeoutSecs,
    ...(resources ? { resources } : {}),
    ...(networkAccess ? { networkAccess } : {}),
  });
}

/**
 * What runs in a sandbox: the image's entry point with what the caller gives, or else with the image's own command.
 *
 * @throws AppError SANDBOX_COMMAND_MISSING
 */
export function sandboxCommand(image: Pick<ImageConfig, "entrypoint" | "cmd">, given: string[]): string[] {
  const command = [...image.entrypoint, ...(given.length > 0 ? given : image.cmd)];
  if (command.length > 0) return command;
  throw new AppError(
    "SANDBOX_COMMAND_MISSING",
    "The sandbox has no command, and its image has none either.",
    {
      status: "INVALID_ARGUMENT",
      remedy: 'Name a command that lasts as long as the sandbox is to last, such as "sleep", "infinity".',
    },
  );
}

function refuseUnserved(sandbox: SandboxDefinition, hasTags: boolean): void {
  const ports = sandbox.openPortsOneof.case === "openPorts" ? sandbox.openPortsOneof.value.ports : [];
  const unserved: Record<string, boolean> = {
    "A name": (sandbox.name ?? "") !== "",
    "Network file systems": sandbox.nfsMounts.length > 0,
    "S3 mounts": sandbox.s3Mounts.length > 0,
    "Open ports": ports.length > 0,
    "A list of allowed addresses":
      sandbox.networkAccess?.networkAccessType === Network.ALLOWLIST ||
      sandbox.inboundCidrAllowlist.length > 0 ||
      sandbox.outboundPolicy !== undefined ||
      sandbox.experimentalOutboundPolicy !== undefined,
    "A proxy": (sandbox.proxyId ?? "") !== "",
    "A snapshot of its memory": sandbox.enableSnapshot,
    "A readiness probe": sandbox.readinessProbe !== undefined,
    "An idle timeout": (sandbox.idleTimeoutSecs ?? 0) > 0,
    "A custom domain": sandbox.customDomain !== "",
    "An identity token": sandbox.includeOidcIdentityToken || sandbox.includeX509Svid,
    "A network among sandboxes": sandbox.i6pnEnabled,
    Tags: hasTags,
    ...Object.fromEntries(
      [...Object.entries(sandbox.experimentalOptions), ...Object.entries(sandbox.experimentalOptionsV2)].map(
        ([option, value]) => [`The experimental option "${option}"`, Boolean(value)],
      ),
    ),
  };
  const features = Object.keys(unserved).filter((feature) => unserved[feature]);
  if (features.length === 0) return;
  throw new AppError("SANDBOX_FEATURE_UNSUPPORTED", `${features.join(", ")} of a sandbox: not served.`, {
    status: "UNIMPLEMENTED",
    remedy:
      "Dorian's sandboxes run a command on an image, with mounts, volumes, buckets, secrets and exec: what `modal shell` needs.",
  });
}
