import { closeSync, openSync } from "node:fs";
import { check, libc } from "./libc.ts";

const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;

export interface FuseMountOptions {
  /** Name in lists of mounts. */
  source: string;
  /** User and group of the process that serves it. */
  owner: number;
  readOnly: boolean;
}

/**
 * Mounts a file system at `target` whose files another process serves, over the descriptor that is returned. Who asks for a file
 * waits until that process answers; once no process has the descriptor any more, everybody who waits is refused. Setuid bits and
 * device files in it mean nothing.
 */
export function mountFuse(target: string, options: FuseMountOptions): number {
  const { source, owner, readOnly } = options;
  const flags = MS_NOSUID | MS_NODEV | (readOnly ? MS_RDONLY : 0);
  const connection = openSync("/dev/fuse", "r+");
  try {
    const settings = `fd=${connection},rootmode=40000,user_id=${owner},group_id=${owner},allow_other`;
    check(libc.mount(source, target, "fuse", flags, settings), `mount of ${source} at ${target}`);
    return connection;
  } catch (error) {
    closeSync(connection);
    throw error;
  }
}
