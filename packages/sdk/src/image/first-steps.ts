import { dirname } from "node:path";
import { localPathOf } from "../local/local-path.ts";
import type { Secret } from "../secret/secret.ts";
import { checkedIgnore, type DockerfileOptions } from "./dockerfile-lines.ts";
import { checkReference } from "./image-reference.ts";
import { commands, type CommandsStep, type RegistryLogin } from "./image-step.ts";
import type { StepOptions } from "./step-options.ts";

/** How an image of a registry is had. */
export interface RegistryOptions extends StepOptions {
  /** With REGISTRY_USERNAME and REGISTRY_PASSWORD in it. Default: none, and what the server's operator has set up. */
  secret?: Secret;
}

/** How a Dockerfile is built. */
export interface FromDockerfileOptions extends DockerfileOptions {
  /** Logs in to the registry that FROM names: REGISTRY_USERNAME and REGISTRY_PASSWORD. Default: what the server's operator has set up. */
  registrySecret?: Secret;
}

/** Node as the server has it: everything that our guest needs of an image. */
const withNode = "COPY --from=dorian/node:24 / /";
/** Programs that images of others start with are services of their own; ours is the function. */
const noEntrypoint = "ENTRYPOINT []";

/** Debian with Node. */
export function debianStep(options: StepOptions): CommandsStep {
  return commands(["FROM debian:bookworm-slim", withNode], options);
}

/** An image of a registry with Node. @throws AppError IMAGE_REFERENCE_INVALID */
export function registryStep(
  reference: string,
  options: StepOptions,
  registry: RegistryLogin | undefined,
): CommandsStep {
  const lines = [`FROM ${checkReference(reference)}`, withNode, noEntrypoint];
  return commands(lines, options, registry && { registry });
}

/** What a Dockerfile of this machine says. */
export function dockerfileStep(path: string | URL, options: FromDockerfileOptions): CommandsStep {
  const file = localPathOf(path);
  const directory = options.contextDir === undefined ? dirname(file) : localPathOf(options.contextDir);
  return commands([], options, {
    dockerfile: file,
    title: `Dockerfile ${String(path)}`,
    copied: { path: directory, ignore: checkedIgnore(options.ignore) },
    buildArgs: options.buildArgs ?? {},
    ...(options.registrySecret && { registry: { kind: "static", secret: options.registrySecret } }),
  });
}

/** Node over an image that keeps the program it starts with. */
export function nodeStep(): CommandsStep {
  return commands([withNode], {});
}

/** Node over an image whose own program is not started. */
export function nodeAloneStep(): CommandsStep {
  return commands([withNode, noEntrypoint], {});
}
