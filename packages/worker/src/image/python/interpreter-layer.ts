import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { removeTree } from "@dorian/linux/remove-tree";
import { elfNeeds } from "@dorian/python/elf-needs";
import { compareVersions, type Interpreter } from "@dorian/python/interpreters";
import { unlessAbsent } from "@dorian/base/unless-absent";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { UsableInterpreter } from "./python-plan.ts";

/** Name under which images take a Python from this machine: `COPY --from=dorian/python:3.12.1 / /`. */
export const interpreterImage = "dorian/python";

/** Where it lies in images, as in the official ones. */
const place = "/usr/local";

/** What a Python needs to run, from its files. */
export async function usableInterpreter(interpreter: Interpreter): Promise<UsableInterpreter> {
  const { prefix, minor } = interpreter;
  const modules = join(prefix, "lib", `python${minor}`, "lib-dynload");
  const programs = [
    join(prefix, "bin", `python${minor}`),
    join(prefix, "lib", `libpython${minor}.so.1.0`),
    ...((await unlessAbsent(readdir(modules))) ?? []).map((name) => join(modules, name)),
  ];
  const libraries = new Set<string>();
  let glibc = "2.0";
  for (const program of programs) {
    const needs = await unlessAbsent(elfNeeds(program));
    for (const library of needs?.libraries ?? []) libraries.add(library);
    for (const version of needs?.glibc ?? []) if (compareVersions(version, glibc) > 0) glibc = version;
  }
  return { ...interpreter, libraries: [...libraries].toSorted(), glibc };
}

/**
 * Makes a layer with a copy of the Python under /usr/local: program, standard library and headers; nothing of what its
 * owner installed for it.
 */
export async function makeInterpreterLayer(layers: LayerStore, interpreter: Interpreter): Promise<string> {
  const { prefix, minor } = interpreter;
  const name = `python${minor}`;
  await using draft = await layers.draft();
  const target = join(draft.path, place);
  for (const directory of ["bin", "lib/pkgconfig", "include"]) {
    await mkdir(join(target, directory), { recursive: true, mode: 0o755 });
  }
  const take = (path: string, filter: (source: string) => boolean = () => true) =>
    cp(join(prefix, path), join(target, path), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
      filter,
    });
  const library = join(prefix, "lib", name);
  await take(join("lib", name), (source) => !isLeftOut(source, library));
  await mkdir(join(target, "lib", name, "site-packages"), { mode: 0o755 });
  await take(join("include", name));
  for (const [directory, pattern] of [
    ["bin", new RegExp(`^(python|pydoc|idle|2to3-)${minor}(-config)?$`)],
    ["lib", /^libpython3.*\.so/],
    ["lib/pkgconfig", new RegExp(`^python-${minor}(-embed)?\\.pc$`)],
  ] as const) {
    const names = (await unlessAbsent(readdir(join(prefix, directory)))) ?? [];
    for (const each of names.filter((file) => pattern.test(file))) await take(join(directory, each));
  }
  for (const alias of ["python", "python3"]) await symlink(name, join(target, "bin", alias));
  await symlink(`${name}-config`, join(target, "bin/python3-config"));
  await relocate(target, interpreter);
  return await draft.seal({ durable: true });
}

/** Tests of the standard library, static libraries, and what was installed besides. */
function isLeftOut(source: string, library: string): boolean {
  const name = basename(source);
  if (dirname(source) === library && ["site-packages", "test", "idlelib", "turtledemo"].includes(name)) {
    return true;
  }
  return ["tests", "idle_test"].includes(name) || /\.(a|o)$/.test(name) || name.startsWith("_tkinter.");
}

/** Puts the new place into the files that say where Python is installed; it finds its library by itself. */
async function relocate(target: string, { prefix, minor }: Interpreter): Promise<void> {
  const library = join(target, "lib", `python${minor}`);
  const names = await readdir(library);
  const data = names.filter((name) => name.startsWith("_sysconfigdata"));
  const files = [
    ...data.map((name) => join(library, name)),
    ...(await readdir(join(target, "bin"))).map((name) => join(target, "bin", name)),
    ...(await readdir(join(target, "lib/pkgconfig"))).map((name) => join(target, "lib/pkgconfig", name)),
    ...names
      .filter((name) => name.startsWith("config-"))
      .flatMap((name) => ["Makefile", "python-config.py"].map((file) => join(library, name, file))),
  ];
  const builtFor = new Set([prefix]);
  for (const name of data) {
    const stated = /^\s*'prefix': '([^']+)'/m.exec(await readFile(join(library, name), "utf8"))?.[1];
    if (stated !== undefined) builtFor.add(stated);
  }
  builtFor.delete(place);
  for (const path of files) {
    const stats = await unlessAbsent(stat(path));
    if (!stats?.isFile() || (await elfNeeds(path))) continue;
    const before = await readFile(path, "utf8");
    let text = before;
    for (const former of builtFor) text = text.replaceAll(wholePath(former), place);
    if (text !== before) await writeFile(path, text);
  }
  const compiled = join(library, "__pycache__");
  for (const name of (await unlessAbsent(readdir(compiled))) ?? []) {
    if (name.startsWith("_sysconfigdata")) await removeTree(join(compiled, name));
  }
}

function wholePath(path: string): RegExp {
  const escaped = path.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  // `/usr/bin/install` has no path `/install` in it; a longer path is found wherever it stands.
  const start = path.lastIndexOf("/") === 0 ? String.raw`(?<=^|[^\w.-]|-[IL])` : "";
  return new RegExp(String.raw`${start}${escaped}(?![\w.-])`, "gm");
}
