/** Everything that decides what an image holds. Two requests with equal components are one image. */
export interface BuildComponents {
  /** Id of the image below; empty for none. */
  base: string;
  /** Dockerfile lines. */
  commands: string[];
  /** Digests by name. */
  contextFiles: Record<string, string>;
  /** Checksum of the mount that is the build context. */
  contextMount: string;
  /** Names: a renewed secret does not make another image. */
  secrets: string[];
  buildArgs: Record<string, string>;
  gpu: string;
  volumes: string[];
  builderVersion: string;
  /** Source text of a build function. */
  definition: string;
  /** Digests by name; one nameless digest when the values are in a form that only the container reads. */
  globals: Record<string, string>;
  /** How the registry is logged in to; empty for no login. */
  registry: string;
  /** Digest of a build function's arguments. */
  input: string;
}
