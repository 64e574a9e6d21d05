/** A file or directory of the machine where the app is deployed from. */
export interface LocalSource {
  kind: "file" | "directory";
  localPath: string;
  /** Absolute path in the image. */
  remotePath: string;
  /** Glob patterns, relative to the directory. */
  ignore: string[];
}
