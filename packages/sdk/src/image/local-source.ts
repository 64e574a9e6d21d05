import type { IgnorePatterns } from "../local/ignore-patterns.ts";

/** A file or directory of the machine where the app is deployed from. */
export interface LocalSource {
  kind: "file" | "directory";
  localPath: string;
  /** Absolute path in the image. */
  remotePath: string;
  /** An npm package, which lies below that path by its name. */
  isPackage?: boolean;
  /** What of a directory to leave out. */
  ignore: IgnorePatterns;
}
