import { AppError } from "@dorian/base/app-error";
import { emptyConfiguration, type ImageConfiguration } from "./image-configuration.ts";
import { invalidAnswer, parseAnswer, shown } from "./small-body.ts";

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
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

/** Bytes that a manifest may have, as in the specification. */
export const maxManifestBytes = 4 * 1024 * 1024;
export const maxConfigBytes = 4 * 1024 * 1024;
/** The kernel stacks 500 directories; some are for what comes on top. */
const maxLayers = 450;

const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** A manifest, or of an index the entry for this machine. @throws AppError REGISTRY_ANSWER_INVALID, IMAGE_PLATFORM_MISSING */
export function readManifest(
  body: string,
  name: string,
  machine: string = process.arch,
): { kind: "manifest"; manifest: Manifest } | { kind: "index"; entry: Descriptor } {
  const what = `The manifest of ${name}`;
  const { config, layers, manifests } = fieldsOf(parseAnswer(body, what), what);
  if (config !== undefined && layers !== undefined) {
    if (!Array.isArray(layers)) throw invalidAnswer(what, "one whose layers are no list");
    if (layers.length > maxLayers) {
      throw invalidAnswer(what, `one of ${layers.length} layers, where ${maxLayers} can be stacked`);
    }
    const manifest = {
      config: descriptorFrom(config, what),
      layers: layers.map((layer) => descriptorFrom(layer, what)),
    };
    return { kind: "manifest", manifest };
  }
  const architecture = architectures[machine] ?? machine;
  const entries: unknown[] = Array.isArray(manifests) ? manifests : [];
  const entry = entries.find((each) => {
    const platform = optionalFields(optionalFields(each)["platform"]);
    return platform["os"] === "linux" && platform["architecture"] === architecture;
  });
  if (entry !== undefined) return { kind: "index", entry: descriptorFrom(entry, what) };
  throw new AppError(
    "IMAGE_PLATFORM_MISSING",
    `The image ${name} does not exist for linux/${architecture}.`,
    {
      status: "NOT_FOUND",
      remedy: "Choose a tag that exists for this machine's architecture.",
    },
  );
}

/** The part of an image's configuration that concerns its processes and what is built on it. @throws AppError REGISTRY_ANSWER_INVALID */
export function readConfiguration(
  body: string,
  name: string,
): { config: ImageConfiguration; onBuild: string[] } {
  const what = `The configuration of ${name}`;
  const config = optionalFields(fieldsOf(parseAnswer(body, what), what)["config"]);
  const list = (key: string): string[] => {
    const value = config[key] ?? [];
    if (Array.isArray(value) && value.every(isText)) return value;
    throw wrongField(what, key, value, "a list of texts");
  };
  const text = (key: string): string => {
    const value = config[key] ?? "";
    if (isText(value)) return value;
    throw wrongField(what, key, value, "a text");
  };
  const env = list("Env").map((item): [string, string] => {
    const equals = item.indexOf("=");
    return equals < 0 ? [item, ""] : [item.slice(0, equals), item.slice(equals + 1)];
  });
  return {
    config: {
      ...emptyConfiguration(),
      env: Object.fromEntries(env),
      workdir: text("WorkingDir"),
      user: text("User"),
      shell: list("Shell"),
      entrypoint: list("Entrypoint"),
      cmd: list("Cmd"),
    },
    onBuild: list("OnBuild"),
  };
}

function descriptorFrom(value: unknown, what: string): Descriptor {
  const { mediaType, digest, size } = optionalFields(value);
  if (typeof digest !== "string" || !digestPattern.test(digest)) {
    throw invalidAnswer(what, `one with ${quoted(digest)} where the digest (sha256) of a part is to be`);
  }
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw invalidAnswer(what, `one with ${quoted(size)} where the size of a part is to be`);
  }
  return { mediaType: typeof mediaType === "string" ? mediaType : "", digest, size };
}

function fieldsOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidAnswer(what, `${quoted(value)} and not an object`);
  }
  return value as Record<string, unknown>;
}

/** Reads the fields of an object, and none of anything else. */
function optionalFields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** What can be an argument or a variable of a process. */
function isText(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0");
}

function wrongField(what: string, key: string, value: unknown, expected: string): AppError {
  return invalidAnswer(what, `one with ${quoted(value)} as ${key}, which is to be ${expected}`);
}

function quoted(value: unknown): string {
  return value === undefined ? "nothing" : shown(JSON.stringify(value));
}
