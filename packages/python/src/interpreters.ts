import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { unpackInterpreters } from "./interpreter-archives.ts";

/** A Python of this machine that images can get a copy of. */
export interface Interpreter {
  /** In full, such as "3.12.1". */
  version: string;
  /** Such as "3.12". */
  minor: string;
  /** Directory that it was installed under: it holds `bin/python3.12`, `lib/python3.12` and `include/python3.12`. */
  prefix: string;
}

/**
 * The Pythons of this machine in the layout of Python's own installer, newest first: below the directories of
 * DORIAN_PYTHONS (parted by colons; each is one of them or holds some), of pyenv and uv, and in /usr/local. A
 * distribution's own Python is none of them: it is spread over the system. With `unpackTo`, archives of
 * python-build-standalone in the directories of DORIAN_PYTHONS are unpacked below that directory, and found as well.
 *
 * @throws AppError PYTHON_ARCHIVE_INVALID
 */
export async function findInterpreters(options: {
  env: NodeJS.ProcessEnv;
  home: string;
  unpackTo?: string;
}): Promise<Interpreter[]> {
  const { env, unpackTo } = options;
  const found = new Map<string, Interpreter>();
  const named = namedPlaces(env);
  for (const directory of [...named, ...usualPlaces(options)]) {
    const names = (await unlessAbsent(readdir(directory))) ?? [];
    const unpacked =
      unpackTo !== undefined && named.includes(directory)
        ? await unpackInterpreters(directory, unpackTo)
        : [];
    for (const prefix of [directory, ...names.map((name) => join(directory, name)), ...unpacked]) {
      for (const interpreter of await interpretersIn(prefix)) {
        const key = `${interpreter.prefix} ${interpreter.version}`;
        if (!found.has(key)) found.set(key, interpreter);
      }
    }
  }
  return [...found.values()].toSorted((a, b) => compareVersions(b.version, a.version));
}

/** Negative, zero or positive, like a comparison for `sort`; for versions of digits and dots. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index++) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function namedPlaces(env: NodeJS.ProcessEnv): string[] {
  return (env["DORIAN_PYTHONS"] ?? "").split(":").filter((place) => place !== "");
}

function usualPlaces({ env, home }: { env: NodeJS.ProcessEnv; home: string }): string[] {
  return [
    join(env["PYENV_ROOT"] ?? join(home, ".pyenv"), "versions"),
    env["UV_PYTHON_INSTALL_DIR"] ?? join(env["XDG_DATA_HOME"] ?? join(home, ".local/share"), "uv/python"),
    "/usr/local",
  ];
}

async function interpretersIn(prefix: string): Promise<Interpreter[]> {
  const libraries = (await unlessAbsent(readdir(join(prefix, "lib")))) ?? [];
  const found: Interpreter[] = [];
  for (const name of libraries) {
    const minor = /^python(3\.\d+)$/.exec(name)?.[1];
    if (minor === undefined) continue;
    const required = [join("bin", name), join("lib", name, "os.py")].map((path) => join(prefix, path));
    const present = await Promise.all(required.map((path) => unlessAbsent(stat(path))));
    const header = join(prefix, "include", name, "patchlevel.h");
    const version = versionIn((await unlessAbsent(readFile(header, "utf8"))) ?? "");
    if (present.includes(undefined) || version === undefined) continue;
    found.push({ version, minor, prefix: await realpath(prefix) });
  }
  return found;
}

/** The version that Python's header `patchlevel.h` states. */
export function versionIn(header: string): string | undefined {
  return /^#define\s+PY_VERSION\s+"(\d+\.\d+\.\d+)/m.exec(header)?.[1];
}
