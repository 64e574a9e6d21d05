import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";

export interface RegistryCredentials {
  username: string;
  password: string;
}

/** How this machine reaches container registries. */
export interface RegistrySettings {
  /** Addresses to ask before the registry itself, by registry name such as "docker.io". */
  mirrors: Map<string, string[]>;
  credentials: Map<string, RegistryCredentials>;
}

/**
 * Mirrors from DORIAN_REGISTRY_MIRRORS ("docker.io=https://mirror.example,…"), credentials from docker's
 * configuration file. Credential helpers, which are programs, are not run.
 */
export async function readRegistrySettings(options: {
  env: NodeJS.ProcessEnv;
  home: string;
}): Promise<RegistrySettings> {
  const folder = options.env["DOCKER_CONFIG"] ?? join(options.home, ".docker");
  const text = await unlessAbsent(readFile(join(folder, "config.json"), "utf8"));
  return {
    mirrors: parseMirrors(options.env["DORIAN_REGISTRY_MIRRORS"] ?? ""),
    credentials: text === undefined ? new Map() : parseCredentials(text, join(folder, "config.json")),
  };
}

function parseMirrors(text: string): Map<string, string[]> {
  const mirrors = new Map<string, string[]>();
  for (const item of text.split(",").filter((part) => part.trim() !== "")) {
    const [, registry = "", url = ""] = /^\s*([^=\s]+)=(https?:\/\/\S+?)\/*\s*$/.exec(item) ?? [];
    if (url === "") {
      throw new AppError("REGISTRY_MIRROR_INVALID", `DORIAN_REGISTRY_MIRRORS holds "${item.trim()}".`, {
        status: "INVALID_ARGUMENT",
        remedy: "Write it as registry=address, such as docker.io=https://mirror.example, parted by commas.",
      });
    }
    mirrors.set(registry, [...(mirrors.get(registry) ?? []), url]);
  }
  return mirrors;
}

function parseCredentials(text: string, file: string): Map<string, RegistryCredentials> {
  const credentials = new Map<string, RegistryCredentials>();
  for (const [place, entry] of Object.entries(authsOf(text, file))) {
    const [username = "", ...rest] = Buffer.from(entry.auth ?? "", "base64")
      .toString()
      .split(":");
    if (username === "") continue;
    const host = place.replace(/^https?:\/\//, "").split("/")[0] ?? "";
    credentials.set(host === "index.docker.io" ? "docker.io" : host, { username, password: rest.join(":") });
  }
  return credentials;
}

function authsOf(text: string, file: string): Record<string, { auth?: string }> {
  try {
    const parsed = JSON.parse(text) as { auths?: Record<string, { auth?: string }> };
    return parsed.auths ?? {};
  } catch (error) {
    throw new AppError("REGISTRY_CREDENTIALS_INVALID", `${file} is not valid JSON.`, {
      remedy: "Correct the file, or set DOCKER_CONFIG to another folder.",
      cause: error,
    });
  }
}
