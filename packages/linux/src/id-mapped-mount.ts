import { closeSync, openSync } from "node:fs";
import { check, libc, syscallNumber } from "./libc.ts";
import { placeMount } from "./mount.ts";

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;
const MOUNT_ATTR_IDMAP = 0x0010_0000n;
/** Bytes of `struct mount_attr`: set, clear, propagation and the descriptor of a user namespace, eight each. */
const attributesSize = 32;

/**
 * Makes `source` appear at `target` with the owners of its files shifted: what belongs to user 0 on disk belongs there to
 * the user that `userNamespace` (a file) has as its root. What lies on other file systems below it does not appear.
 */
export function mountIdMapped(source: string, target: string, userNamespace: string): void {
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  const mount = check(libc.openTree(syscallNumber.openTree, AT_FDCWD, source, flags), `open ${source}`);
  try {
    const namespace = openSync(userNamespace, "r");
    try {
      const attributes = new BigUint64Array([MOUNT_ATTR_IDMAP, 0n, 0n, BigInt(namespace)]);
      check(
        libc.mountSetattr(syscallNumber.mountSetattr, mount, "", AT_EMPTY_PATH, attributes, attributesSize),
        `shift the owners in ${source}`,
      );
    } finally {
      closeSync(namespace);
    }
    placeMount(mount, target);
  } finally {
    closeSync(mount);
  }
}
