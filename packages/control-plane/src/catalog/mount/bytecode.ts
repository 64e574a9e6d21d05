import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { unlessAbsent } from "@dorian/base/unless-absent";
import type { Interpreter } from "@dorian/python/interpreters";
import type { BlockStore } from "@dorian/storage/block-store";
import { concurrently } from "@dorian/base/concurrently";
import type { Logger } from "pino";
import type { MountFile } from "./mount-files.ts";

const concurrency = 16;

/**
 * The Python files of a mount, compiled for one minor version by a Python of this machine; none when it has no such
 * Python. They are used without a look at their sources, which are as immutable as they are.
 */
export async function bytecodeFiles(options: {
  files: readonly MountFile[];
  pythonMinor: string;
  /** Where the files are in the end, when a mount's directory is copied elsewhere. */
  moved?: { from: string; to: string };
  interpreters: readonly Interpreter[];
  blocks: BlockStore;
  logger: Logger;
  signal: AbortSignal;
}): Promise<MountFile[]> {
  const { files, pythonMinor, interpreters, blocks, logger, signal } = options;
  const python = await compilerFor(pythonMinor, interpreters);
  if (python === undefined) return [];
  const root = await mkdtemp(join(tmpdir(), "dorian-bytecode-"));
  try {
    const sources = files.filter(({ path }) => path.endsWith(".py"));
    for (const folder of new Set(sources.map(({ path }) => dirname(path)))) {
      await mkdir(join(root, folder), { recursive: true });
    }
    for (const { path, sha256 } of sources) await symlink(blocks.path(sha256), join(root, path));
    const { from, to } = options.moved ?? { from: "/", to: "/" };
    try {
      await compile(python, [join(root, from), to], signal);
    } catch (error) {
      signal.throwIfAborted();
      // Containers then do for themselves what this would have spared them.
      logger.warn({ err: error, python }, "a Python of this machine cannot compile");
      return [];
    }
    const compiled: MountFile[] = [];
    const found = await readdir(root, { recursive: true });
    await concurrently(
      found.filter((path) => path.endsWith(".pyc")),
      { limit: concurrency },
      async (path) => {
        const { sha } = await blocks.put(await readFile(join(root, path)));
        compiled.push({ path: `/${path}`, sha256: sha, mode: 0o644 });
      },
    );
    return compiled;
  } finally {
    await rm(root, { recursive: true });
  }
}

async function compilerFor(
  pythonMinor: string,
  interpreters: readonly Interpreter[],
): Promise<string | undefined> {
  const own = interpreters.find(({ minor }) => minor === pythonMinor);
  const candidates = [
    ...(own ? [join(own.prefix, "bin", `python${pythonMinor}`)] : []),
    `/usr/bin/python${pythonMinor}`,
  ];
  for (const path of candidates) {
    if ((await unlessAbsent(access(path).then(() => true))) !== undefined) return path;
  }
  return undefined;
}

/** Isolated, and without what is installed for that Python: nothing but its compiler runs. */
async function compile(python: string, directories: string[], signal: AbortSignal): Promise<void> {
  const flags = ["-I", "-S", "-B", "-c", compiler, ...directories];
  await promisify(execFile)(python, flags, { signal, maxBuffer: 16 * 1024 * 1024 });
}

// Sources that this version of Python cannot read are left as they are: packages carry such for other versions.
const compiler = `
import compileall, py_compile, sys
compileall.compile_dir(sys.argv[1], maxlevels=64, ddir=sys.argv[2], quiet=2, workers=1,
    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
`;
