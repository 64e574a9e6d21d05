import { check, libc } from "./libc.ts";

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const nanosecondsPerSecond = 1_000_000_000n;

/** Sets access and modification time to the nanosecond, which Node's own `utimes` cannot. Does not follow links. */
export function setFileTimes(path: string, times: { atimeNs: bigint; mtimeNs: bigint }): void {
  const { atimeNs, mtimeNs } = times;
  const specification = BigInt64Array.of(...split(atimeNs), ...split(mtimeNs));
  check(libc.utimensat(AT_FDCWD, path, specification, AT_SYMLINK_NOFOLLOW), `set times of ${path}`);
}

function split(timeNs: bigint): [bigint, bigint] {
  // A time before 1970 has negative seconds, but its nanoseconds count forward.
  const nanoseconds = ((timeNs % nanosecondsPerSecond) + nanosecondsPerSecond) % nanosecondsPerSecond;
  return [(timeNs - nanoseconds) / nanosecondsPerSecond, nanoseconds];
}
