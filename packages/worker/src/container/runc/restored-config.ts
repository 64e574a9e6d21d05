import { criuSettingsIn } from "./checkpoint.ts";
import type { OciConfig } from "./oci-config.ts";

/** The configuration of a container that is brought back: CRIU enters no namespace of others, but makes all anew. */
export function restoredConfig(config: OciConfig, bundle: string): OciConfig {
  return {
    ...config,
    annotations: { "org.criu.config": criuSettingsIn(bundle) },
    linux: { ...config.linux, namespaces: config.linux.namespaces.map(({ type }) => ({ type })) },
  };
}
