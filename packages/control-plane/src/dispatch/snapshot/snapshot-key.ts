import { hash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { ContainerArgumentsSchema } from "@dorian/protocol/modal";
import type { ContainerPlan } from "../ports.ts";
import { withoutScaling } from "../scaling/without-scaling.ts";

/**
 * What a snapshot is of: all that a container begins with, and the engine that would bring it back. Versions of volumes are no part of
 * it: what a container has open of them it keeps. How many containers there are is none, either.
 */
export function snapshotKey(plan: ContainerPlan, engine: string): string {
  const { arguments: given, layerIds, config, secretEnv, volumes } = plan;
  const begins = create(ContainerArgumentsSchema, {
    ...given,
    ...(given.functionDef && { functionDef: withoutScaling(given.functionDef) }),
  });
  const parts = [
    Buffer.from(toBinary(ContainerArgumentsSchema, begins)).toString("base64"),
    layerIds,
    Object.entries(config.env).toSorted(),
    [config.workdir, config.user, config.entrypoint],
    Object.entries(secretEnv).toSorted(),
    volumes.map(({ volumeId, mountPath, subPath, readOnly }) => [volumeId, mountPath, subPath, readOnly]),
    engine,
  ];
  return hash("sha256", JSON.stringify(parts), "hex");
}
