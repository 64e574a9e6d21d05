import { AppError } from "@dorian/base/app-error";
import { emptyConfiguration, type ImageConfiguration } from "../image-configuration.ts";

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os: string; architecture: string; variant?: string };
}

/** One image for one platform. */
export interface Manifest {
  config: Descriptor;
  layers: Descriptor[];
}

/** Kinds of manifests that are understood, for the Accept header. */
export const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

const architectures: Record<string, string> = { x64: "amd64", arm64: "arm64", arm: "arm", ia32: "386" };

/** A manifest, or of an index the entry for this machine. */
export function readManifest(
  body: string,
  name: string,
  machine: string = process.arch,
): { kind: "manifest"; manifest: Manifest } | { kind: "index"; entry: Descriptor } {
  const parsed = JSON.parse(body) as Partial<Manifest> & { manifests?: Descriptor[] };
  if (parsed.config && parsed.layers) {
    return { kind: "manifest", manifest: { config: parsed.config, layers: parsed.layers } };
  }
  const architecture = architectures[machine] ?? machine;
  const entry = parsed.manifests?.find(
    ({ platform }) => platform?.os === "linux" && platform.architecture === architecture,
  );
  if (entry) return { kind: "index", entry };
  throw new AppError(
    "IMAGE_PLATFORM_MISSING",
    `The image ${name} does not exist for linux/${architecture}.`,
    {
      status: "NOT_FOUND",
      remedy: "Choose a tag that exists for this machine's architecture.",
    },
  );
}

/** The part of an image's configuration that concerns its processes. */
export function readConfiguration(body: string): ImageConfiguration {
  const parsed = JSON.parse(body) as {
    config?: {
      Env?: string[] | null;
      WorkingDir?: string;
      User?: string;
      Shell?: string[] | null;
      Entrypoint?: string[] | null;
      Cmd?: string[] | null;
    };
  };
  const config = parsed.config ?? {};
  const env = (config.Env ?? []).map((item): [string, string] => {
    const equals = item.indexOf("=");
    return equals < 0 ? [item, ""] : [item.slice(0, equals), item.slice(equals + 1)];
  });
  return {
    ...emptyConfiguration(),
    env: Object.fromEntries(env),
    workdir: config.WorkingDir ?? "",
    user: config.User ?? "",
    shell: config.Shell ?? [],
    entrypoint: config.Entrypoint ?? [],
    cmd: config.Cmd ?? [],
  };
}
