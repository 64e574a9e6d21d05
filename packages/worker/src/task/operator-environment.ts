import { join } from "node:path";
import type { OperatorSettings } from "@dorian/operator/operator-settings";
import type { ContainerMount } from "../container/container-spec.ts";
import {
  certificatesFile,
  operatorDirectory,
  shareCertificates,
} from "../container/operator-certificates.ts";

/** What every task's container gets of the operator's settings. What its image or its user sets wins over the variables. */
export interface OperatorEnvironment {
  env: Record<string, string>;
  mounts: readonly ContainerMount[];
  /** File on the host of the certificates that they are to trust; undefined for those of their images. */
  certificates: string | undefined;
}

/** Who breaks TLS on the way out is trusted by what comes with it: proxies without their certificates would be of no use. */
export async function operatorEnvironment(
  settings: Pick<OperatorSettings, "runtimeEnv" | "certificates">,
  options: { directory: string },
): Promise<OperatorEnvironment> {
  const { directory } = options;
  const certificates = await shareCertificates(settings.certificates, directory);
  const mounts =
    settings.certificates === undefined
      ? []
      : [{ source: directory, target: operatorDirectory, readOnly: true }];
  return {
    env: { ...certificates, ...settings.runtimeEnv },
    mounts,
    certificates: settings.certificates === undefined ? undefined : join(directory, certificatesFile),
  };
}
