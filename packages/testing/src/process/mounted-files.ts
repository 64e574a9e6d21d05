import fs, { constants } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { currentContainer } from "./container-context.ts";

/** Which arguments of the functions of `node:fs` are paths that they look at. */
const readers = {
  access: [0],
  createReadStream: [0],
  exists: [0],
  lstat: [0],
  openAsBlob: [0],
  opendir: [0],
  readFile: [0],
  readdir: [0],
  readlink: [0],
  realpath: [0],
  stat: [0],
  statfs: [0],
  unwatchFile: [0],
  watch: [0],
  watchFile: [0],
} satisfies Record<string, number[]>;

/** And at which they change something. */
const writers = {
  appendFile: [0],
  chmod: [0],
  chown: [0],
  createWriteStream: [0],
  lchown: [0],
  link: [0, 1],
  lutimes: [0],
  mkdir: [0],
  mkdtemp: [0],
  rename: [0, 1],
  rm: [0],
  rmdir: [0],
  truncate: [0],
  unlink: [0],
  utimes: [0],
  writeFile: [0],
} satisfies Record<string, number[]>;

type AnyFunction = (...args: unknown[]) => unknown;
type Module = Record<string, AnyFunction>;
/** Says in which place of the arguments a path is written to. */
type Writes = (index: number, args: unknown[]) => boolean;

const never: Writes = () => false;
const always: Writes = () => true;

/**
 * Has code of a container find its volumes at their mount paths through `node:fs`, until it is disposed of. `glob`, native code and
 * other programs know nothing of it.
 */
export function mountFiles(): Disposable {
  const restored = new DisposableStack();
  const replace = (names: Record<string, number[]>, writes: Writes) => {
    for (const [name, indexes] of Object.entries(names))
      for (const [module, each] of [
        [fs, name],
        [fs, `${name}Sync`],
        [fs.promises, name],
      ] as unknown as [Module, string][])
        restored.adopt(redirect(module, each, indexes, writes), (undo) => undo());
  };
  replace(readers, never);
  replace(writers, always);
  replace({ open: [0] }, (_, [, flags]) => opensToWrite(flags));
  // A link leads to where its target lies.
  replace({ copyFile: [0, 1], cp: [0, 1], symlink: [0, 1] }, (index) => index === 1);
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]: () => {
      restored.dispose();
      syncBuiltinESMExports();
    },
  };
}

const writing = constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC;

/** Whether these flags of `open` change a file. In their place may stand its callback. */
function opensToWrite(flags: unknown): boolean {
  if (typeof flags === "number") return (flags & writing) !== 0;
  return typeof flags === "string" && !/^(r|rs|sr)$/.test(flags);
}

function redirect(module: Module, name: string, indexes: number[], writes: Writes): () => void {
  const original = module[name];
  if (typeof original !== "function") return () => {};
  const redirected = function (this: unknown, ...args: unknown[]): unknown {
    const volumes = currentContainer()?.volumes ?? [];
    if (volumes.length === 0) return original.apply(this, args);
    const mapped = [...args];
    try {
      for (const index of indexes) mapped[index] = mappedPath(args[index], name, writes(index, args));
    } catch (error) {
      return fail(error, module, args.at(-1));
    }
    return original.apply(this, mapped);
  };
  // Some have forms of their own: realpath.native, the promise of exists.
  module[name] = Object.defineProperties(redirected, Object.getOwnPropertyDescriptors(original));
  return () => {
    module[name] = original;
  };
}

/** Tells an error in the way of the function that was called: as a rejection, to its callback, or at once. */
function fail(error: unknown, module: Module, last: unknown): Promise<never> | undefined {
  if ((module as unknown) === fs.promises) return Promise.reject(error as Error);
  if (typeof last !== "function") throw error;
  process.nextTick(last as (error: unknown) => void, error);
  return undefined;
}

function mappedPath(given: unknown, call: string, isWrite: boolean): unknown {
  const path = given instanceof URL && given.protocol === "file:" ? fileURLToPath(given) : given;
  if (typeof path !== "string" || !path.startsWith("/")) return given;
  const normal = posix.normalize(path);
  const volume = currentContainer()?.volumes.find(
    ({ mountPath }) => normal === mountPath || normal.startsWith(`${mountPath}/`),
  );
  if (!volume) return given;
  if (isWrite && volume.readOnly) throw readOnly(call, path);
  const below = normal.slice(volume.mountPath.length);
  // A slash at the end says that a directory is meant.
  return join(volume.directory, below);
}

function readOnly(call: string, path: string): Error {
  const message = `EROFS: read-only file system, ${call} '${path}'`;
  return Object.assign(new Error(message), { code: "EROFS", syscall: call, path, errno: -30 });
}
