import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unlessAbsent } from "@dorian/base/unless-absent";

const carried = new Set([
  "index-url",
  "extra-index-url",
  "find-links",
  "no-index",
  "trusted-host",
  "proxy",
  "timeout",
  "default-timeout",
  "retries",
  "disable-pip-version-check",
]);

/** How this machine's pip reaches its index. */
export interface PipSettings {
  /** By pip's option names, such as "index-url". Several values of one option are parted by blanks. */
  options: Map<string, string>;
  /** File of trusted certificates that the configuration names. */
  certificateFile?: string;
}

/** Reads pip's configuration files and, above them, its environment variables. */
export async function readPipSettings(options: {
  env: NodeJS.ProcessEnv;
  home: string;
  globalFiles?: string[];
}): Promise<PipSettings> {
  const { env, home } = options;
  const files = [
    env["PIP_CONFIG_FILE"],
    ...(options.globalFiles ?? ["/etc/pip.conf", "/etc/xdg/pip/pip.conf"]),
    join(home, ".pip/pip.conf"),
    join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "pip/pip.conf"),
  ];
  const settings = new Map<string, string>();
  for (const file of files) {
    const text = file === undefined ? undefined : await unlessAbsent(readFile(file, "utf8"));
    for (const [key, value] of parseIni(text ?? "")) settings.set(key, value);
  }
  for (const [name, value] of Object.entries(env)) {
    const key = /^PIP_(.+)$/.exec(name)?.[1]?.toLowerCase().replaceAll("_", "-");
    if (key !== undefined && value) settings.set(key, value);
  }
  const certificateFile = settings.get("cert");
  return {
    options: new Map([...settings].filter(([key]) => carried.has(key))),
    ...(certificateFile === undefined ? {} : { certificateFile }),
  };
}

/** The directories of this machine among the places of `find-links`. */
export function localLinks(settings: PipSettings): string[] {
  return placesOf(settings)
    .map((place) => (place.startsWith("file://") ? fileURLToPath(place) : place))
    .filter((place) => isAbsolute(place));
}

/**
 * The settings as environment variables of pip and uv. `links` maps each local directory to its place in the container;
 * a directory that it lacks is left out.
 */
export function pipEnvironment(
  settings: PipSettings,
  links: ReadonlyMap<string, string>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of settings.options) {
    if (key !== "find-links") env[`PIP_${key.toUpperCase().replaceAll("-", "_")}`] = value;
  }
  const places = placesOf(settings).flatMap((place) => {
    if (/^https?:/.test(place)) return [place];
    return links.get(place.startsWith("file://") ? fileURLToPath(place) : place) ?? [];
  });
  if (places.length > 0) env["PIP_FIND_LINKS"] = places.join(" ");
  const index = settings.options.get("index-url");
  const extra = settings.options.get("extra-index-url");
  return {
    ...env,
    ...(index === undefined ? {} : { UV_DEFAULT_INDEX: index }),
    ...(extra === undefined ? {} : { UV_INDEX: extra }),
    ...(places.length === 0 ? {} : { UV_FIND_LINKS: places.join(",") }),
  };
}

function placesOf(settings: PipSettings): string[] {
  return (settings.options.get("find-links") ?? "").split(/[\s,]+/).filter((place) => place !== "");
}

/** Sections "global" and "install" of pip's ini files; a value may go on over indented lines. */
function parseIni(text: string): [string, string][] {
  const out: [string, string][] = [];
  let section = "";
  for (const line of text.split("\n")) {
    if (/^\s*[#;]/.test(line)) continue;
    const heading = /^\[(.+)\]/.exec(line);
    const setting = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line);
    const last = out.at(-1);
    if (heading) section = heading[1] ?? "";
    else if (section !== "global" && section !== "install") continue;
    else if (setting) out.push([(setting[1] ?? "").replaceAll("_", "-"), setting[2] ?? ""]);
    else if (/^\s+\S/.test(line) && last) last[1] = `${last[1]} ${line.trim()}`.trim();
  }
  return out;
}
