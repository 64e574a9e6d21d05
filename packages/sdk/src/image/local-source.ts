import type { IgnorePatterns } from "../local/ignore-patterns.ts";

/** A file or directory of the machine where the app is deployed from. */
export interface LocalSource {
  kind: "file" | "directory";
  localPath: string;
  /** Absolute path in the image. */
  remotePath: string;
  /** What of a directory to leave out. */
  ignore: IgnorePatterns;
}
