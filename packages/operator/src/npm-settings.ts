import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { unlessAbsent } from "@dorian/base/unless-absent";

const carried = /^(registry|@[^:]+:registry|proxy|https-proxy|noproxy|strict-ssl|replace-registry-host)$/;
const credential = /^\/\/.+:(_authToken|_auth|username|_password)$/;

export interface NpmSettings {
  /** Content for an npmrc; empty when the operator sets nothing that matters to a build. */
  npmrc: string;
  /** File of trusted certificates that the configuration names. */
  certificateFile?: string;
}

/**
 * How this machine's npm reaches its registry: the user's and the global npmrc, and the environment above both.
 * Credentials come along only for registries that are named.
 */
export async function readNpmSettings(options: {
  env: NodeJS.ProcessEnv;
  home: string;
  /** Global files, lowest first. */
  globalFiles?: string[];
}): Promise<NpmSettings> {
  const files = [
    ...(options.globalFiles ?? ["/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc"]),
    options.env["NPM_CONFIG_GLOBALCONFIG"] ?? options.env["npm_config_globalconfig"],
    options.env["NPM_CONFIG_USERCONFIG"] ??
      options.env["npm_config_userconfig"] ??
      join(options.home, ".npmrc"),
  ];
  const settings = new Map<string, string>();
  for (const file of files) {
    const text = file === undefined ? undefined : await unlessAbsent(readFile(file, "utf8"));
    for (const [key, value] of parseNpmrc(text ?? "", options.env)) settings.set(key, value);
  }
  for (const [name, value] of Object.entries(options.env)) {
    const key = /^npm_config_(.+)$/i.exec(name)?.[1]?.toLowerCase().replaceAll("_", "-");
    if (key !== undefined && value !== undefined) settings.set(key, value);
  }
  const registries = [...settings].filter(([key]) => key.endsWith("registry")).map(([, value]) => value);
  const lines = [...settings]
    .filter(([key]) => carried.test(key) || (credential.test(key) && isFor(key, registries)))
    .map(([key, value]) => `${key}=${value}\n`);
  const certificateFile = settings.get("cafile");
  return {
    npmrc: lines.join(""),
    ...(certificateFile === undefined ? {} : { certificateFile }),
  };
}

function parseNpmrc(text: string, env: NodeJS.ProcessEnv): [string, string][] {
  return text.split("\n").flatMap((line): [string, string][] => {
    const match = /^\s*([^;#=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
    if (!match) return [];
    const [, key = "", value = ""] = match;
    const plain = value.replaceAll(/^["']|["']$/g, "");
    return [[key, plain.replaceAll(/\$\{([^}]+)\}/g, (whole, name: string) => env[name] ?? whole)]];
  });
}

function isFor(credentialKey: string, registries: string[]): boolean {
  const place = credentialKey.slice(0, credentialKey.lastIndexOf(":"));
  return registries.some((registry) => `${registry.replace(/^https?:/, "")}/`.startsWith(place));
}
