import { AppError } from "@dorian/base/app-error";

/** Name of an image in a registry. */
export interface ImageReference {
  /** Host with an optional port, as written; "docker.io" when none is. */
  registry: string;
  repository: string;
  tag: string;
  /** "sha256:…" when the image is named by its content. */
  digest?: string;
}

const repositoryPattern =
  /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;

const registryPattern =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d+)?$/;

/**
 * Reads a reference the way Docker does: `debian:bookworm-slim` is `docker.io/library/debian:bookworm-slim`.
 *
 * @throws AppError IMAGE_REFERENCE_INVALID
 */
export function parseImageReference(text: string): ImageReference {
  const [nameAndTag = "", digest] = text.split("@");
  const slash = nameAndTag.indexOf("/");
  const first = slash < 0 ? "" : nameAndTag.slice(0, slash);
  const hasRegistry = first.includes(".") || first.includes(":") || first === "localhost";
  const rest = hasRegistry ? nameAndTag.slice(slash + 1) : nameAndTag;
  const colon = rest.lastIndexOf(":");
  const name = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? "latest" : rest.slice(colon + 1);
  const registry = hasRegistry && first !== "index.docker.io" ? first : "docker.io";
  const repository = registry === "docker.io" && !name.includes("/") ? `library/${name}` : name;
  const valid =
    registryPattern.test(registry) &&
    repositoryPattern.test(repository) &&
    /^\w[\w.-]{0,127}$/.test(tag) &&
    (digest === undefined || /^sha256:[0-9a-f]{64}$/.test(digest));
  if (!valid) {
    throw new AppError("IMAGE_REFERENCE_INVALID", `"${text}" is not the name of an image.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Write it as name:tag or registry/name:tag, in lower case.",
    });
  }
  return { registry, repository, tag, ...(digest === undefined ? {} : { digest }) };
}

/** The full form, which is the same for every way to write one reference. */
export function formatImageReference(reference: ImageReference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}${digest === undefined ? `:${tag}` : `@${digest}`}`;
}
