import { AppError } from "@dorian/base/app-error";
import { maxDockerfileLength } from "@dorian/protocol/convention/dockerfile-length";
import { RegistryAuthType, type Image, type ImageGetOrCreateRequest } from "@dorian/protocol/modal";
import { decodeValue } from "@dorian/protocol/value/payload";
import { createHash } from "node:crypto";
import { normaliseGpu } from "../../dispatch/placement/gpu-config.ts";
import type { BuildComponents } from "../image/build-components.ts";

/** How the names in a request are resolved to what they stand for. */
export interface ComponentSources {
  mountChecksum(mountId: string): string;
  secretName(secretId: string): string;
  loginName(secretId: string): string;
}

/**
 * What a request builds.
 *
 * @throws AppError IMAGE_DEFINITION_INVALID, IMAGE_DEFINITION_UNSUPPORTED
 */
export function componentsOf(request: ImageGetOrCreateRequest, sources: ComponentSources): BuildComponents {
  const image = checkedImage(request);
  const build = image.buildFunction;
  const args = build?.input?.argsOneof;
  return {
    base: image.baseImages[0]?.imageId ?? "",
    commands: commandsOf(image),
    contextFiles: Object.fromEntries(image.contextFiles.map((file) => [file.filename, digest(file.data)])),
    contextMount: image.contextMountId === "" ? "" : sources.mountChecksum(image.contextMountId),
    secrets: image.secretIds.map((secretId) => sources.secretName(secretId)).toSorted(),
    buildArgs: image.buildArgs,
    gpu: gpuOf(image),
    volumes: image.volumeMounts
      .map((mount) => `${mount.volumeId}:${mount.mountPath}:${mount.subPath ?? ""}:${mount.readOnly}`)
      .toSorted(),
    builderVersion: request.builderVersion,
    definition: build?.definition ?? "",
    globals: build ? digestsByName(build.globals) : {},
    registry: registryOf(image, sources),
    input: args?.case === "args" && args.value.length > 0 ? digest(args.value) : "",
  };
}

/** Equal for equal components, whatever the order of their parts. */
export function buildKey(components: BuildComponents): string {
  return digest(JSON.stringify(components, sortedKeys));
}

function checkedImage(request: ImageGetOrCreateRequest): Image {
  const { image } = request;
  if (image) checkLength(image);
  const build = image?.buildFunction;
  const hasCommands = image?.dockerfileCommands.some((line) => line.trim() !== "") ?? false;
  if (!image || (!hasCommands && !build)) {
    throw invalid("The image has no steps.", "Begin with `Image.debianSlim()` and add steps to it.");
  }
  if (build && hasCommands) {
    throw invalid("One image step cannot both run commands and call a function.", "Make two steps of it.");
  }
  if (build && image.baseImages.length !== 1) {
    throw invalid("A build function needs one image to run on.", "Begin with `Image.debianSlim()`.");
  }
  if (image.baseImages.length > 1) {
    throw unsupported("An image is built on one other image.", "Chain the steps.");
  }
  return image;
}

/** Before anything is made of them: what no worker reads is neither kept nor sent to one. */
function checkLength({ dockerfileCommands, buildArgs }: Image): void {
  const commands = dockerfileCommands.reduce((sum, line) => sum + line.length + 1, 0);
  if (commands > maxDockerfileLength) throw tooLong(`The Dockerfile has ${commands} characters`);
  let args = 0;
  for (const [name, value] of Object.entries(buildArgs)) args += name.length + value.length;
  if (args > maxDockerfileLength) throw tooLong(`The build arguments have ${args} characters`);
}

// The name that a request gives to its base is its own affair: here it is always "base".
function commandsOf(image: Image): string[] {
  const tag = image.baseImages[0]?.dockerTag ?? "base";
  if (tag === "base") return image.dockerfileCommands;
  return image.dockerfileCommands.map((line) => {
    const from = /^\s*FROM\s+(\S+)/i.exec(line);
    return from?.[1] === tag ? `FROM base${line.slice(from[0].length)}` : line;
  });
}

function registryOf(image: Image, sources: ComponentSources): string {
  const { registryAuthType = RegistryAuthType.UNSPECIFIED, secretId = "" } = image.imageRegistryConfig ?? {};
  return secretId === "" ? "" : `${RegistryAuthType[registryAuthType]} ${sources.loginName(secretId)}`;
}

function gpuOf(image: Image): string {
  const gpu = normaliseGpu(image.gpuConfig);
  return gpu ? `${gpu.gpuType}:${gpu.count}` : "";
}

function digestsByName(globals: Uint8Array): Record<string, string> {
  if (globals.length === 0) return {};
  const values = plainObject(globals);
  if (!values) return { "": digest(globals) };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, digest(JSON.stringify(value, sortedKeys) ?? "")]),
  );
}

/** The globals of a TypeScript build function: an object in the plain-data format. Python's are opaque. */
function plainObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value = decodeValue(bytes);
    const plain =
      typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    return plain ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Pickled data is rarely valid in another format, and never an object by accident.
    return undefined;
  }
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array) return digest(value);
  if (value instanceof Map) return [...value.entries()];
  if (value instanceof Set) return [...value];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function invalid(message: string, remedy: string): AppError {
  return new AppError("IMAGE_DEFINITION_INVALID", message, { status: "INVALID_ARGUMENT", remedy });
}

function tooLong(what: string): AppError {
  return invalid(`${what}, of which ${maxDockerfileLength} are read.`, "COPY what is long from a file.");
}

function unsupported(message: string, remedy: string): AppError {
  return new AppError("IMAGE_DEFINITION_UNSUPPORTED", message, { status: "UNIMPLEMENTED", remedy });
}
