import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import * as fc from "fast-check";

export type Edit =
  | { kind: "write" | "make" | "remove" | "replace"; path: string }
  | { kind: "rename" | "link" | "symlink"; path: string; to: string }
  | { kind: "chmod"; path: string; mode: number };

const path = fc
  .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 })
  .map((names) => names.join("/"));

/** Edits of a small tree: few names, so that they meet often. */
export const edits = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("write" as const), path }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("make" as const), path }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom("remove" as const, "replace" as const), path }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("rename" as const), path, to: path }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom("link" as const, "symlink" as const), path, to: path }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("chmod" as const),
        path,
        mode: fc.constantFrom(0o700, 0o4755),
      }),
    },
  ),
  { maxLength: 25 },
);

const expected = new Set([
  "ENOENT",
  "EEXIST",
  "ENOTDIR",
  "EISDIR",
  "ENOTEMPTY",
  "EINVAL",
  "EPERM",
  "ELOOP",
  "ERR_FS_EISDIR",
]);

/** Does the edits that are possible. `label` makes what is written unlike anything written elsewhere. */
export function applyEdits(root: string, list: readonly Edit[], label: string): void {
  for (const [index, edit] of list.entries()) {
    try {
      applyEdit(root, edit, `${label}-${index}`);
    } catch (error) {
      if (!expected.has(errnoOf(error) ?? "")) throw error;
    }
  }
}

function applyEdit(root: string, edit: Edit, label: string): void {
  const at = join(root, edit.path);
  switch (edit.kind) {
    case "write":
      return writeFileSync(at, label);
    case "make":
      mkdirSync(at, { recursive: true });
      return writeFileSync(join(at, "made"), label);
    case "remove":
      return rmSync(at, { recursive: true });
    case "replace":
      rmSync(at, { recursive: true });
      mkdirSync(at);
      return lutimesSync(at, 1_000_000, 1_000_000.5);
    case "rename":
      return renameSync(at, join(root, edit.to));
    case "link":
      return linkSync(at, join(root, edit.to));
    case "symlink":
      return symlinkSync(edit.path, join(root, edit.to));
    case "chmod":
      return chmodSync(at, edit.mode);
  }
}
