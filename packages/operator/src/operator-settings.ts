import { homedir } from "node:os";
import { mirrorArchives, readAptArchives, type AptArchives } from "./apt-sources.ts";
import { readCertificateBundle } from "./certificate-bundle.ts";
import { readNpmSettings } from "./npm-settings.ts";
import { readPipSettings, type PipSettings } from "./pip-settings.ts";
import { proxyEnvironment } from "./proxy-settings.ts";
import { readNetworkBorder, type NetworkBorder } from "./network-border.ts";
import { readRegistrySettings, type RegistrySettings } from "./registry-settings.ts";

/** Variables that are handed to build steps as they are. */
const carried = ["GOPROXY", "GOSUMDB", "GONOSUMDB", "HF_ENDPOINT"];

/** What the operator's machine says about how to get packages and images. */
export interface OperatorSettings {
  /** Proxies, as environment variables in both spellings. */
  proxyEnv: Record<string, string>;
  /** Further variables for build steps. */
  buildEnv: Record<string, string>;
  /** Variables for running containers: without the proxies they may not reach anything outside. */
  runtimeEnv: Record<string, string>;
  /** Certificates to trust, in PEM form. Undefined: images trust what they come with. */
  certificates: string | undefined;
  /** Undefined: the image's own sources apply. */
  aptArchives: AptArchives | undefined;
  npmrc: string;
  pip: PipSettings;
  registries: RegistrySettings;
  networkBorder: NetworkBorder;
}

/**
 * Reads the settings from the machine's own configuration: apt's sources (or DORIAN_APT_MIRROR), npm's and pip's files
 * and variables, proxies, certificate bundles, docker's credentials.
 */
export async function readOperatorSettings(options?: {
  env?: NodeJS.ProcessEnv;
  home?: string;
}): Promise<OperatorSettings> {
  const env = options?.env ?? process.env;
  const home = options?.home ?? homedir();
  const npm = await readNpmSettings({ env, home });
  const pip = await readPipSettings({ env, home });
  const mirror = env["DORIAN_APT_MIRROR"];
  const proxyEnv = proxyEnvironment(env);
  return {
    proxyEnv,
    buildEnv: Object.fromEntries(carried.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
    runtimeEnv: { ...proxyEnv, ...(env["HF_ENDPOINT"] ? { HF_ENDPOINT: env["HF_ENDPOINT"] } : {}) },
    certificates: await readCertificateBundle({
      env,
      named: [npm.certificateFile, pip.certificateFile].filter((path) => path !== undefined),
    }),
    aptArchives: mirror ? mirrorArchives(mirror) : await readAptArchives(),
    npmrc: npm.npmrc,
    pip,
    registries: await readRegistrySettings({ env, home }),
    networkBorder: readNetworkBorder(env),
  };
}
