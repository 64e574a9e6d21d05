import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";
import { handoverDirectory } from "@dorian/protocol/convention/handover";
import { readUserSettings, userSettingsPath, type UserSettings } from "@dorian/sdk/client/user-settings";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export interface Credentials {
  url: string;
  tokenId: string;
  tokenSecret: string;
  /** Files with what is to be trusted when the server speaks TLS: its own authority, and all authorities together. */
  trust?: { authority: string; all: string };
  /** Where the server takes files of this machine, when it was found by its data directory. */
  handover?: string;
}

/**
 * Settings of one command line: an option wins over a variable, a variable over the file of settings, and that over the data
 * directory.
 */
export interface Config {
  dataDirectory: string;
  /** True when --data or DORIAN_DATA named the data directory. */
  dataDirectoryGiven: boolean;
  server: string | undefined;
  tokenId: string | undefined;
  tokenSecret: string | undefined;
  /** What commands are about where they name no environment; undefined for the server's default one. */
  environment: string | undefined;
  /** What says each of the settings above; absent for one that nothing does. */
  origins: Partial<Record<keyof UserSettings, string>>;
  /** The file of settings. */
  settingsPath: string;
  /** Build every image step anew; with the second one, without keeping the result for later. */
  forceBuild: boolean;
  ignoreCache: boolean;
  /** Where the official clients keep their profiles. */
  modalConfigPath: string;
  /** What can always be made again; nobody else can write there. */
  cacheDirectory: string;
  /** Show stacks of unexpected failures. */
  debug: boolean;
}

/** Where each setting comes from, for reading, for help and for docs/cli.md. */
export const settings = {
  server: { option: "server", env: "MODAL_SERVER_URL" },
  tokenId: { env: "MODAL_TOKEN_ID" },
  tokenSecret: { env: "MODAL_TOKEN_SECRET" },
  environment: { option: "environment", env: "MODAL_ENVIRONMENT" },
  dataDirectory: { option: "data", env: "DORIAN_DATA", default: "/var/lib/dorian" },
  forceBuild: { option: "force-build", env: "MODAL_FORCE_BUILD" },
  ignoreCache: { env: "MODAL_IGNORE_CACHE" },
  modalConfigPath: { env: "MODAL_CONFIG_PATH" },
  debug: { env: "DORIAN_DEBUG" },
} as const;

export function readConfig(
  env: Record<string, string | undefined>,
  options: {
    server?: string | undefined;
    data?: string | undefined;
    environment?: string | undefined;
    forceBuild?: boolean;
  },
): Config {
  const settingsPath = userSettingsPath(env);
  const origins: Config["origins"] = {};
  const chosen = (
    name: keyof UserSettings,
    option: string | undefined,
    variable: string,
    file: UserSettings,
  ): string | undefined => {
    const places: [string | undefined, string][] = [
      [option, `--${name}`],
      [nonEmpty(env[variable]), variable],
      [file[name], settingsPath],
    ];
    const [value, origin] = places.find(([found]) => found !== undefined) ?? [];
    if (origin !== undefined) origins[name] = origin;
    return value;
  };
  const data = options.data ?? nonEmpty(env[settings.dataDirectory.env]);
  // Whoever names a data directory means the server of that, not the one of the file.
  const file = data === undefined ? readUserSettings(settingsPath) : {};
  const directory = chosen("data", options.data, settings.dataDirectory.env, file);
  return {
    dataDirectory: resolve(directory ?? settings.dataDirectory.default),
    dataDirectoryGiven: data !== undefined,
    server: chosen("server", options.server, settings.server.env, file),
    tokenId: chosen("tokenId", undefined, settings.tokenId.env, file),
    tokenSecret: chosen("tokenSecret", undefined, settings.tokenSecret.env, file),
    environment: chosen("environment", options.environment, settings.environment.env, file),
    origins,
    settingsPath,
    forceBuild: options.forceBuild === true || isOn(env[settings.forceBuild.env]),
    ignoreCache: isOn(env[settings.ignoreCache.env]),
    modalConfigPath: nonEmpty(env[settings.modalConfigPath.env]) ?? join(homedir(), ".modal.toml"),
    cacheDirectory: join(nonEmpty(env["XDG_CACHE_HOME"]) ?? join(homedir(), ".cache"), "dorian"),
    debug: isOn(env[settings.debug.env]),
  };
}

/**
 * Address and token of the server to talk to. A server on this machine writes them to `client.json` in its data
 * directory; what the environment says comes first.
 *
 * @throws AppError TOKEN_MISSING
 */
export function credentials(config: Config): Credentials {
  const { server, tokenId, tokenSecret } = config;
  const told = server && tokenId && tokenSecret ? { url: server, tokenId, tokenSecret } : undefined;
  if (told && !told.url.startsWith("https:")) return told;
  const file = readClientFile(config.dataDirectory);
  if (file.kind === "found") {
    return {
      ...file.client,
      ...(server ? { url: server } : { handover: join(config.dataDirectory, handoverDirectory) }),
      ...(tokenId ? { tokenId } : {}),
      ...(tokenSecret ? { tokenSecret } : {}),
    };
  }
  if (told) return told;
  const { tokenId: idEnv, tokenSecret: secretEnv } = settings;
  throw new AppError("TOKEN_MISSING", `There is no token for ${server ?? "a Dorian server"}.`, {
    status: "UNAUTHENTICATED",
    remedy: server
      ? `Run \`dorian token new\` on the server's machine and set ${idEnv.env} and ${secretEnv.env} here.`
      : `Start a server here with \`dorian up\`, or set ${settings.server.env}, ${idEnv.env} and ${secretEnv.env}.`,
    cause: file.reason,
  });
}

/** The server for a worker to join: the file of settings says where clients go, not workers. */
export function serverToJoin({ server, origins, settingsPath }: Config): string | undefined {
  return origins.server === settingsPath ? undefined : server;
}

/** What `dorian up` left in its data directory for clients on the same machine. */
export function readClientFile(
  dataDirectory: string,
): { kind: "found"; client: Credentials } | { kind: "missing"; reason: Error } {
  const path = join(dataDirectory, "client.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const why = errnoOf(error) === "ENOENT" ? "does not exist" : `cannot be read (${messageOf(error)})`;
    return { kind: "missing", reason: new Error(`${path} ${why}`, { cause: error }) };
  }
  try {
    const { url, tokenId, tokenSecret, trust } = JSON.parse(text) as Partial<Credentials>;
    if (url && tokenId && tokenSecret) {
      return { kind: "found", client: { url, tokenId, tokenSecret, ...(trust ? { trust } : {}) } };
    }
    throw new Error("url, tokenId or tokenSecret is missing");
  } catch (error) {
    throw new AppError("CLIENT_FILE_INVALID", `${path} is not a client file: ${messageOf(error)}.`, {
      remedy:
        "A server that runs puts its own there again within a second. Without one, mend the file, or remove it: the next start writes a new one, with new tokens.",
      cause: error,
    });
  }
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !["", "0", "false"].includes(value.toLowerCase());
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : value;
}
