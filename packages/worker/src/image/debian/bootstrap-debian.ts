import { mkdtemp, readdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { removeTree } from "@dorian/linux/remove-tree";
import { archivesFor, renderOneLine } from "@dorian/operator/apt-sources";
import type { OperatorSettings } from "@dorian/operator/operator-settings";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { runHostTool } from "../host-tool.ts";
import { defaultPath } from "@dorian/oci/image-configuration";
import { BootstrapProgress } from "./bootstrap-progress.ts";
import type { DebianTag } from "./debian-tag.ts";

export interface BootstrapOptions {
  operator: OperatorSettings;
  onLog: (text: string) => void;
  signal: AbortSignal;
}

/** Keeps later installations of packages slim, too. */
const slimPaths = [
  "path-exclude=/usr/share/doc/*",
  "path-include=/usr/share/doc/*/copyright",
  "path-exclude=/usr/share/man/*",
  "path-exclude=/usr/share/info/*",
  "path-exclude=/usr/share/locale/*",
  "path-include=/usr/share/locale/locale.alias",
];

/** What images keep as apt's configuration: as in Docker's own Debian, layers hold no packages and no indexes of them. */
const aptConfiguration = `Acquire::Languages "none";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb || true"; };
`;

// Without it bookworm gets all of Perl, by way of the package that merges /usr.
const mergedUsrHook = "/usr/share/mmdebstrap/hooks/maybe-merged-usr";

/**
 * Makes a minimal Debian root file system in `target` (an existing, empty directory) from the operator's archives.
 *
 * @throws AppError HOST_TOOL_MISSING, DEBIAN_BOOTSTRAP_FAILED with the last words of the program.
 */
export async function bootstrapDebian(
  tag: DebianTag,
  target: string,
  options: BootstrapOptions,
): Promise<void> {
  const { operator, signal } = options;
  const directory = await mkdtemp(join(tmpdir(), "dorian-bootstrap-"));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => removeTree(directory));
  const dpkgOptions = ["force-unsafe-io", ...(tag.slim ? slimPaths : [])];
  const aptOptions = ['Acquire::Languages "none"', 'APT::Install-Recommends "false"'];
  if (operator.certificates !== undefined) {
    const file = join(directory, "certificates.crt");
    await writeFile(file, operator.certificates);
    aptOptions.push(`Acquire::https::CaInfo "${file}"`);
  }
  const sources = await writeSources(tag, directory, operator);
  using progress = new BootstrapProgress(options.onLog);
  const code = await runHostTool(
    "mmdebstrap",
    [
      "--mode=root",
      "--format=directory",
      "--variant=minbase",
      "--include=ca-certificates",
      "--verbose",
      ...((await unlessAbsent(stat(mergedUsrHook))) ? [`--hook-dir=${mergedUsrHook}`] : []),
      ...aptOptions.map((option) => `--aptopt=${option}`),
      ...dpkgOptions.map((option) => `--dpkgopt=${option}`),
      tag.suite,
      target,
      ...sources,
    ],
    {
      debianPackage: "mmdebstrap",
      env: { PATH: defaultPath, TMPDIR: directory, LC_ALL: "C.UTF-8", ...operator.proxyEnv },
      onLine: (line) => progress.line(line),
      signal,
    },
  );
  if (code !== 0) throw bootstrapError(tag, code, progress.lastLines);
  await neutralise(target, { dpkgOptions, ownSources: sources.length > 0 });
}

/** The operator's archives as arguments for mmdebstrap; none: it uses Debian's own. */
async function writeSources(
  tag: DebianTag,
  directory: string,
  operator: OperatorSettings,
): Promise<string[]> {
  const archives = operator.aptArchives;
  if (archives?.distribution !== "debian") return [];
  const file = join(directory, "sources.list");
  await writeFile(file, renderOneLine(archivesFor(archives, tag.suite).sources));
  return [file];
}

/** Leaves nothing of this machine in the root file system: names, name servers, package archives, device nodes. */
async function neutralise(
  root: string,
  options: { dpkgOptions: string[]; ownSources: boolean },
): Promise<void> {
  const removed = ["etc/apt/apt.conf.d/99mmdebstrap", "etc/dpkg/dpkg.cfg.d/99mmdebstrap", "etc/machine-id"];
  for (const path of removed) await removeTree(join(root, path));
  await writeFile(join(root, "etc/apt/apt.conf.d/90dorian"), aptConfiguration);
  await writeFile(
    join(root, "etc/dpkg/dpkg.cfg.d/dorian"),
    options.dpkgOptions.map((line) => `${line}\n`).join(""),
  );
  // Empty files to mount a container's own over.
  for (const path of ["etc/resolv.conf", "etc/hostname", "etc/hosts"]) {
    await removeTree(join(root, path));
    await writeFile(join(root, path), "");
  }
  await emptyDirectory(join(root, "dev"));
  await removeFiles(join(root, "var/log"));
  await emptyDirectory(join(root, "var/lib/apt/lists"));
  if (options.ownSources) {
    await emptyDirectory(join(root, "etc/apt/sources.list.d"));
    await removeTree(join(root, "etc/apt/sources.list"));
  }
  for (const path of ["config.dat-old", "templates.dat-old"]) {
    await removeTree(join(root, "var/cache/debconf", path));
  }
}

async function emptyDirectory(path: string): Promise<void> {
  for (const name of await readdir(path)) await removeTree(join(path, name));
}

async function removeFiles(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) await removeTree(join(entry.parentPath, entry.name));
  }
}

function bootstrapError(tag: DebianTag, code: number, lastLines: string[]): AppError {
  const words = withoutCredentials(lastLines.join("\n"));
  const keyring = /NO_PUBKEY|keyring|not signed/i.test(words);
  return new AppError(
    "DEBIAN_BOOTSTRAP_FAILED",
    `Debian "${tag.suite}" could not be put together: mmdebstrap ended with code ${code}.\n${words}`,
    {
      remedy: keyring
        ? "Install the archive's keys with `apt-get install debian-archive-keyring`."
        : "Check this machine's apt sources (or DORIAN_APT_MIRROR) and that they have this release.",
    },
  );
}

function withoutCredentials(text: string): string {
  return text.replaceAll(/:\/\/[^/\s@]+@/g, "://***@");
}
