import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { compare } from "@renovatebot/pep440";
import { elfNeeds } from "./elf-needs.ts";
import { runpathOf, setRunpath } from "./elf-runpath.ts";
import type { Interpreter } from "./interpreters.ts";
import { wheelFiles } from "./wheel-files.ts";
import { parseWheelName } from "./wheel-name.ts";

/** A file of a Python that can be laid anywhere. */
export interface InterpreterFile {
  /** Relative to the directory that it is laid under. */
  path: string;
  /** Permission bits. */
  mode: number;
  content: Buffer;
}

/** Parts of the C library: they belong to the system, as one. */
const systemLibraries =
  /^(?:ld-linux.*|lib(?:c|m|dl|rt|pthread|util|resolv|anl|mvec|gcc_s|stdc\+\+))\.so[.\d]*$/;
const libraryPlaces = [
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/lib64",
  "/usr/lib64",
  "/usr/lib",
];
const omittedDirectories = new Set([
  "__pycache__",
  "test",
  "tests",
  "idle_test",
  "turtledemo",
  "site-packages",
]);

/**
 * A complete copy of a Python: program, standard library, headers, pip as Python brings it; nothing of what its owner
 * installed for it. Links are followed. What says where it is installed says `place`, and the libraries of this
 * machine that its modules need come along, where the modules can be told to look beside them.
 */
export async function* interpreterFiles(
  interpreter: Interpreter,
  options: { place: string },
): AsyncGenerator<InterpreterFile> {
  const { prefix, minor } = interpreter;
  const name = `python${minor}`;
  const modules = join("lib", name, "lib-dynload");
  const needed = new Set<string>();
  for (const path of await listedFiles(interpreter)) {
    const source = await realpath(join(prefix, path));
    const { mode } = await stat(source);
    const content = relocated(path, await readFile(source), { prefix, place: options.place, modules });
    if (content === undefined) continue;
    yield { path, mode: mode & 0o777, content };
    if (path.startsWith(`${modules}/`) && runpathOf(content) === "$ORIGIN") needed.add(source);
  }
  for (const library of await librariesOf(needed)) {
    yield { path: join(modules, basename(library)), mode: 0o644, content: await readFile(library) };
  }
  yield* bundledPackages(interpreter, options.place);
}

async function listedFiles({ prefix, minor }: Interpreter): Promise<string[]> {
  const name = `python${minor}`;
  const program = new RegExp(
    String.raw`^(?:python|pydoc|idle|2to3-)${minor.replace(".", String.raw`\.`)}(?:-config)?$`,
  );
  const files = await filesUnder(prefix, join("lib", name));
  files.push(...(await filesUnder(prefix, join("include", name))));
  files.push(...(await filesUnder(prefix, "share/terminfo")));
  for (const [folder, pattern] of [
    ["bin", program],
    ["lib", /^libpython3.*\.so/],
    ["lib/pkgconfig", new RegExp(`^python-${minor}(?:-embed)?\\.pc$`)],
  ] as const) {
    const names = (await unlessAbsent(readdir(join(prefix, folder)))) ?? [];
    files.push(...names.filter((each) => pattern.test(each)).map((each) => join(folder, each)));
  }
  return files.toSorted();
}

async function filesUnder(prefix: string, folder: string): Promise<string[]> {
  const entries = (await unlessAbsent(readdir(join(prefix, folder), { withFileTypes: true }))) ?? [];
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (omittedDirectories.has(entry.name) || /\.(?:a|o|pyc)$/.test(entry.name)) return [];
      const stats = entry.isSymbolicLink() ? await unlessAbsent(stat(join(prefix, path))) : entry;
      if (stats?.isDirectory()) return entry.isSymbolicLink() ? [] : await filesUnder(prefix, path);
      return stats?.isFile() ? [path] : [];
    }),
  );
  return found.flat();
}

/** The content for its new place; undefined for what is of no use there. */
function relocated(
  path: string,
  content: Buffer,
  to: { prefix: string; place: string; modules: string },
): Buffer | undefined {
  if (basename(path).startsWith("_tkinter.")) return undefined;
  const searched = runpathOf(content);
  if (searched !== undefined) {
    if (searched.includes("$ORIGIN")) return content;
    const isModule = path.startsWith(`${to.modules}/`);
    setRunpath(content, isModule ? "$ORIGIN" : `${to.place}/lib`, { forAll: isModule });
    return content;
  }
  const saysPlace =
    /^(?:bin|lib\/pkgconfig)\/|\/_sysconfigdata[^/]*\.py$|\/config-[^/]*\/(?:Makefile|[^/]*\.py)$/;
  if (!saysPlace.test(path) || content.includes(0)) return content;
  return Buffer.from(content.toString().replaceAll(to.prefix, to.place));
}

/** Shared libraries of this machine that files need, with those that these need. */
async function librariesOf(files: Iterable<string>): Promise<string[]> {
  const found = new Map<string, string>();
  const queue = [...files];
  for (const file of queue) {
    const needs = await elfNeeds(file);
    for (const library of needs?.libraries ?? []) {
      if (found.has(library) || systemLibraries.test(library) || library.startsWith("libpython")) continue;
      const path = await locate(library);
      if (path === undefined) continue;
      found.set(library, path);
      queue.push(path);
    }
  }
  return [...found.values()].toSorted();
}

async function locate(library: string): Promise<string | undefined> {
  for (const place of libraryPlaces) {
    const path = join(place, library);
    if (await unlessAbsent(stat(path))) return path;
  }
  return undefined;
}

/** pip, and what else Python carries along for new installations, installed as wheels are. */
async function* bundledPackages(
  { prefix, minor }: Interpreter,
  place: string,
): AsyncGenerator<InterpreterFile> {
  const library = join("lib", `python${minor}`);
  const folder = join(prefix, library, "ensurepip/_bundled");
  const wheels = new Map<string, { version: string; filename: string }>();
  for (const filename of (await unlessAbsent(readdir(folder))) ?? []) {
    const wheel = parseWheelName(filename);
    if (!wheel) continue;
    const newest = wheels.get(wheel.name);
    if (!newest || compare(wheel.version, newest.version) > 0) wheels.set(wheel.name, wheel);
  }
  for (const { filename } of wheels.values()) {
    for await (const file of wheelFiles(join(folder, filename))) {
      const path = join(library, "site-packages", file.path);
      yield { path, mode: file.mode, content: await buffer(await file.open()) };
    }
  }
  if (!wheels.has("pip")) return;
  const content = Buffer.from(`#!${place}/bin/python${minor}
import sys

from pip._internal.cli.main import main

sys.exit(main())
`);
  for (const name of ["pip", "pip3", `pip${minor}`]) yield { path: `bin/${name}`, mode: 0o755, content };
}
