import { AppError } from "@dorian/base/app-error";
import koffi from "koffi";
import { getSystemErrorMap } from "node:util";
import { fileBytes } from "@dorian/base/file-name";

// Node has no binding for mounts, extended attributes and device nodes; spawning a tool for each costs 3 ms and more.
const libc = koffi.load("libc.so.6");

type Call = (...args: unknown[]) => number | bigint;

/** Calls that may take as long as the disk does, in a thread. */
type SlowCall = Call & { async: (...args: unknown[]) => void };

/** A call whose argument `index` is a path, which may have names of any bytes. */
function withPath(index: number, call: Call): Call {
  return (...args) =>
    call(
      ...args.map((each, at) =>
        at === index && typeof each === "string" ? Buffer.concat([fileBytes(each), Buffer.alloc(1)]) : each,
      ),
    );
}

const calls = {
  mount: libc.func("int mount(str, str, str, ulong, str)"),
  umount2: libc.func("int umount2(str, int)"),
  mknod: withPath(0, libc.func("int mknod(uint8_t *, uint, ulong)")),
  lgetxattr: withPath(0, libc.func("long lgetxattr(uint8_t *, str, _Out_ uint8_t *, size_t)")),
  lsetxattr: withPath(0, libc.func("int lsetxattr(uint8_t *, str, uint8_t *, size_t, int)")),
  llistxattr: withPath(0, libc.func("long llistxattr(uint8_t *, _Out_ uint8_t *, size_t)")),
  removexattr: withPath(0, libc.func("int removexattr(uint8_t *, str)")),
  lremovexattr: withPath(0, libc.func("int lremovexattr(uint8_t *, str)")),
  flock: libc.func("int flock(int, int)"),
  fcntl: libc.func("int fcntl(int, int, int)"),
  utimensat: withPath(1, libc.func("int utimensat(int, uint8_t *, int64_t *, int)")),
  openTree: libc.func("long syscall(long, int, str, uint)"),
  fsopen: libc.func("long syscall(long, str, uint)"),
  fsconfig: libc.func("long syscall(long, int, uint, str, str, int)"),
  fsmount: libc.func("long syscall(long, int, uint, uint)"),
  moveMount: libc.func("long syscall(long, int, str, int, str, uint)"),
  openat2: libc.func("long syscall(long, int, uint8_t *, uint64_t *, size_t)"),
  lseek: libc.func("long lseek(int, long, int)"),
  fallocate: libc.func("int fallocate(int, int, long, long)") as SlowCall,
  copyFileRange: libc.func("long copy_file_range(int, int64_t *, int, int64_t *, size_t, uint)") as SlowCall,
  syncfs: libc.func("int syncfs(int)") as SlowCall,
  ioctl: libc.func("int ioctl(int, ulong, _Inout_ uint8_t *)"),
  mallocTrim: libc.func("int malloc_trim(size_t)"),
  fstatfs: libc.func("int fstatfs(int, _Out_ uint8_t *)"),
  mountSetattr: libc.func("long syscall(long, int, str, uint, uint64_t *, size_t)"),
};

/** System call numbers that are the same on every architecture (they came after the tables were unified). */
export const syscallNumber = {
  openTree: 428,
  moveMount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  openat2: 437,
  mountSetattr: 442,
} as const;

export { calls as libc };

/** The result of a call that runs in a thread. What its errno was is lost: make the call here to learn it. */
export async function inThread(call: SlowCall, ...args: unknown[]): Promise<number> {
  return await new Promise((resolve, reject) =>
    call.async(...args, (error: unknown, result: number | bigint) =>
      error ? reject(error as Error) : resolve(Number(result)),
    ),
  );
}

/** Name of the last call's errno, e.g. "EBUSY". Ask at once: whatever runs in between may set another. */
export function lastErrno(): string {
  // Reads the number first: Node makes the map at its first use, which calls the kernel as well.
  const errno = koffi.errno();
  return getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`;
}

/** Throws for a negative return value; passes any other on. */
export function check(result: number | bigint, what: string): number {
  const value = Number(result);
  return value >= 0 ? value : fail(what, lastErrno());
}

/** Throws KERNEL_CALL_FAILED for a call that failed with `errno`, which the error has as a field as well. */
export function fail(what: string, errno: string): never {
  const error = new AppError("KERNEL_CALL_FAILED", `${what} failed: ${errno}.`, {
    status: "INTERNAL",
    remedy: "`dorian doctor` says what this machine's kernel lacks.",
  });
  throw Object.assign(error, { errno });
}
