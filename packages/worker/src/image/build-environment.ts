import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerMount } from "../container/container-spec.ts";
import { operatorDirectory, shareCertificates } from "../container/operator-certificates.ts";
import {
  archivesFor,
  parseAptSources,
  parseOsRelease,
  renderDeb822,
  type AptArchives,
  type AptSource,
} from "@dorian/operator/apt-sources";
import type { OperatorSettings } from "@dorian/operator/operator-settings";
import { localLinks, pipEnvironment } from "@dorian/operator/pip-settings";
import { AppError } from "@dorian/base/app-error";
import { readBelow } from "@dorian/linux/open-below";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { sourceAt } from "./copy-sources.ts";
import { unlessAbsent } from "@dorian/base/unless-absent";

/** What a build step gets of the operator's settings. None of it is in the image's file system. */
export interface BuildEnvironment {
  env: Record<string, string>;
  mounts: ContainerMount[];
}

/** Lists of archives and the like have a few kB. */
const maxHintBytes = 1024 * 1024;
/** Package managers' caches: they would make layers large, and name the operator's indexes in them. */
const cache = "/run/dorian/cache";

/**
 * Turns the settings into environment variables and read-only mounts for steps that run in `rootPath`. The files that
 * are mounted are written to `directory`; `cacheDirectory` is for package managers, and writable.
 */
export async function buildEnvironment(
  settings: OperatorSettings,
  options: { directory: string; cacheDirectory: string; rootPath: string },
): Promise<BuildEnvironment> {
  const { directory, rootPath } = options;
  const shared = join(directory, "operator");
  await mkdir(shared, { recursive: true, mode: 0o755 });
  await mkdir(options.cacheDirectory, { recursive: true, mode: 0o777 });
  const mounts: ContainerMount[] = [
    { source: shared, target: operatorDirectory, readOnly: true },
    { source: options.cacheDirectory, target: cache, readOnly: false },
  ];
  const env: Record<string, string> = {
    ...settings.proxyEnv,
    ...settings.buildEnv,
    NPM_CONFIG_CACHE: `${cache}/npm`,
    NPM_CONFIG_UPDATE_NOTIFIER: "false",
    PIP_CACHE_DIR: `${cache}/pip`,
    UV_CACHE_DIR: `${cache}/uv`,
    UV_LINK_MODE: "copy",
  };

  if (settings.certificates !== undefined) {
    Object.assign(env, await shareCertificates(settings.certificates, shared));
    if (await exists(rootPath, "/etc/apt/apt.conf.d")) {
      const file = join(directory, "apt.conf");
      await writeFile(file, `Acquire::https::CaInfo "${operatorDirectory}/certificates.crt";\n`, {
        mode: 0o644,
      });
      mounts.push({ source: file, target: "/etc/apt/apt.conf.d/95dorian-operator", readOnly: true });
    }
  }
  if (settings.npmrc !== "") {
    // Lock files in the image must not say where the operator's registry is.
    const npmrc = `${settings.npmrc}omit-lockfile-registry-resolved=true\n`;
    await writeFile(join(shared, "npmrc"), npmrc, { mode: 0o644 });
    env["NPM_CONFIG_GLOBALCONFIG"] = `${operatorDirectory}/npmrc`;
  }
  const links = new Map<string, string>();
  for (const [index, link] of localLinks(settings.pip).entries()) {
    if (!(await unlessAbsent(stat(link)))) continue;
    const target = `${operatorDirectory}-links/${index}`;
    links.set(link, target);
    mounts.push({ source: link, target, readOnly: true });
  }
  Object.assign(env, pipEnvironment(settings.pip, links));
  mounts.push(...(await aptMounts(settings.aptArchives, options)));
  return { env, mounts };
}

/**
 * The operator's archives, mounted over the image's own list of them; an image that has the same ones keeps its list,
 * so that steps may change it.
 */
async function aptMounts(
  archives: AptArchives | undefined,
  options: { directory: string; rootPath: string },
): Promise<ContainerMount[]> {
  const { directory, rootPath } = options;
  if (!archives || !(await exists(rootPath, "/etc/apt"))) return [];
  const release = parseOsRelease((await read(rootPath, "/etc/os-release")) ?? "");
  if (release["ID"] !== archives.distribution || !release["VERSION_CODENAME"]) return [];
  const wanted: AptSource[] = [];
  for (const source of archivesFor(archives, release["VERSION_CODENAME"]).sources) {
    const { signedBy, ...rest } = source;
    // Without the keyring the keys that the image trusts for all archives count.
    wanted.push(signedBy !== undefined && (await exists(rootPath, signedBy)) ? source : rest);
  }
  const distributed = `/etc/apt/sources.list.d/${archives.distribution}.sources`;
  const current = [
    { path: "/etc/apt/sources.list", text: (await read(rootPath, "/etc/apt/sources.list")) ?? "" },
    { path: distributed, text: (await read(rootPath, distributed)) ?? "" },
  ].map((file) => ({ ...file, sources: parseAptSources(file.path.split("/").at(-1) ?? "", file.text) }));
  const filled = current.filter((file) => file.sources.length > 0);
  if (
    filled.length > 0 &&
    sameArchives(
      filled.flatMap((file) => file.sources),
      wanted,
    )
  )
    return [];

  const list = join(directory, "operator.sources");
  const indirect = await throughMirrorLists(wanted, join(directory, "operator"));
  const empty = join(directory, "empty.list");
  await writeFile(list, renderDeb822(indirect), { mode: 0o644 });
  await writeFile(empty, "", { mode: 0o644 });
  const target = filled.some((file) => file.path === distributed)
    ? distributed
    : "/etc/apt/sources.list.d/dorian-operator.sources";
  return [
    { source: list, target, readOnly: true },
    ...filled
      .filter((file) => file.path !== target)
      .map((file) => ({ source: empty, target: file.path, readOnly: true })),
  ];
}

/**
 * Names each archive by a file with its addresses. apt calls what it stores in the image after the name in its list of
 * sources, so the addresses themselves stay out of the image.
 */
async function throughMirrorLists(sources: AptSource[], directory: string): Promise<AptSource[]> {
  const places = [...new Set(sources.map((source) => source.uris.join("\n")))];
  for (const [index, uris] of places.entries()) {
    await writeFile(join(directory, `archive-${index}.list`), `${uris}\n`, { mode: 0o644 });
  }
  return sources.map((source) => ({
    ...source,
    uris: [`mirror+file:${operatorDirectory}/archive-${places.indexOf(source.uris.join("\n"))}.list`],
  }));
}

function sameArchives(one: AptSource[], other: AptSource[]): boolean {
  const places = (sources: AptSource[]) =>
    [...new Set(sources.flatMap((source) => source.uris))].toSorted().join(" ");
  return places(one) === places(other);
}

async function exists(root: string, path: string): Promise<boolean> {
  using opened = OpenDirectory.open(root);
  using found = await sourceAt(opened, path);
  return found !== undefined;
}

/** A hint from the image's files. What is no regular file, or far too large for what it should be, hints at nothing. */
async function read(root: string, path: string): Promise<string | undefined> {
  try {
    return (await readBelow(root, path, { maxBytes: maxHintBytes }))?.toString();
  } catch (error) {
    if (AppError.is(error)) return undefined;
    throw error;
  }
}
