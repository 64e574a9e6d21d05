import { posix } from "node:path";
import { compareVersions, versionIn } from "@dorian/python/interpreters";
import { ImageFiles } from "./image-files.ts";

/** What an image's files say about it. */
export interface ImageContents {
  /** The Python that its PATH leads to: "3.11.2", or "3.11" when its files do not say more. */
  pythonVersion?: string;
  /** Installed packages of that Python, by name. */
  packages: Record<string, string>;
  libc?: { kind: "glibc" | "musl"; version: string };
}

const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

interface FoundPython {
  /** Directory with `lib/python3.11` of the standard library. */
  prefix: string;
  /** That of the virtual environment, if it is one. */
  environment: string | undefined;
  minor: string;
}

/** Looks an image's Python, its packages and its C library up in the layers (lowest first). */
export async function readImageContents(
  layerPaths: readonly string[],
  path = usualPath,
): Promise<ImageContents> {
  const files = new ImageFiles(layerPaths);
  const [python, libc] = await Promise.all([findPython(files, path), findLibc(files)]);
  const common = libc ? { libc } : {};
  if (!python) return { ...common, packages: {} };
  const [pythonVersion, packages] = await Promise.all([
    pythonVersionOf(files, python),
    packagesOf(files, python),
  ]);
  return { ...common, pythonVersion, packages };
}

async function findPython(files: ImageFiles, path: string): Promise<FoundPython | undefined> {
  for (const directory of path.split(":").filter((each) => each.startsWith("/"))) {
    for (const name of ["python", "python3"]) {
      const program = await files.realPath(posix.join(directory, name));
      if (program === undefined) continue;
      const above = posix.dirname(directory);
      const settings = await files.text(posix.join(above, "pyvenv.cfg"));
      const prefix = posix.dirname(posix.dirname(program));
      const minor = /^python(3\.\d+t?)$/.exec(posix.basename(program))?.[1] ?? (await minorIn(files, prefix));
      if (minor === undefined) continue;
      return { prefix, environment: settings === undefined ? undefined : above, minor };
    }
  }
  return undefined;
}

async function minorIn(files: ImageFiles, prefix: string): Promise<string | undefined> {
  const names = await files.names(posix.join(prefix, "lib"));
  const minors = names.flatMap((name) => /^python(3\.\d+t?)$/.exec(name)?.[1] ?? []);
  return minors.toSorted((a, b) => compareVersions(b.replace("t", ""), a.replace("t", "")))[0];
}

async function pythonVersionOf(files: ImageFiles, { prefix, minor }: FoundPython): Promise<string> {
  const header = await files.text(posix.join(prefix, "include", `python${minor}`, "patchlevel.h"));
  const stated = versionIn(header ?? "");
  if (stated !== undefined) return stated;
  // Without headers the version is in the program or its library, as in `python --version`.
  const plain = minor.replace("t", "");
  const pattern = new RegExp(`\\0(${plain.replaceAll(".", "\\.")}\\.\\d+)(?:[a-z+][\\w+]*)?\\0`);
  for (const path of [`lib/libpython${minor}.so.1.0`, `bin/python${minor}`]) {
    const found = (await files.matchIn(posix.join(prefix, path), pattern))?.[1];
    if (found !== undefined) return found;
  }
  return plain;
}

async function packagesOf(files: ImageFiles, python: FoundPython): Promise<Record<string, string>> {
  const { prefix, environment, minor } = python;
  const library = `lib/python${minor}`;
  const places = environment
    ? [posix.join(environment, library, "site-packages")]
    : [
        posix.join(prefix, library, "site-packages"),
        // Where Debian's own Python keeps what pip installs, and what apt does.
        ...(prefix === "/usr"
          ? [`/usr/local/${library}/dist-packages`, "/usr/lib/python3/dist-packages"]
          : []),
      ];
  const packages: Record<string, string> = {};
  for (const place of places) {
    for (const name of await files.names(place)) {
      const [, project = "", version = ""] = /^(.+?)-([^-]+)\.dist-info$/.exec(name) ?? [];
      if (project !== "") packages[project.toLowerCase().replaceAll(/[-_.]+/g, "-")] ??= version;
    }
  }
  return packages;
}

async function findLibc(files: ImageFiles): Promise<ImageContents["libc"]> {
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  const glibcPlaces = [
    `/lib/${arch}-linux-gnu/libc.so.6`,
    "/lib64/libc.so.6",
    "/usr/lib64/libc.so.6",
    "/usr/lib/libc.so.6",
  ];
  for (const path of glibcPlaces) {
    const found = await files.matchIn(path, /release version (\d+\.\d+)/);
    if (found) return { kind: "glibc", version: found[1] ?? "" };
  }
  const musl = await files.matchIn(`/lib/ld-musl-${arch}.so.1`, /\0(1\.\d+\.\d+)\0/);
  return musl ? { kind: "musl", version: musl[1] ?? "" } : undefined;
}

/** What a container of the image runs Python code with, in the terms that wheels are chosen by. */
export function pythonRuntimeOf(
  contents: ImageContents | undefined,
): { pythonMinor: string; libc: "manylinux" | "musllinux" } | undefined {
  const pythonMinor = contents?.pythonVersion?.split(".").slice(0, 2).join(".");
  if (pythonMinor === undefined) return undefined;
  return { pythonMinor, libc: contents?.libc?.kind === "musl" ? "musllinux" : "manylinux" };
}
