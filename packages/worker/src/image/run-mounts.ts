import { createHash } from "node:crypto";
import { chmod, chown, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { OpenDirectory } from "@dorian/linux/open-directory";
import type { ContainerMount } from "../container/container-spec.ts";
import { sourceAt } from "./copy-sources.ts";
import { copyTree } from "./copy-tree.ts";
import type { RunMount } from "./dockerfile/instruction.ts";

export interface RunMountOptions {
  /** Puts in variables. */
  expand: (text: string) => string;
  /** On this machine; gone after the build. */
  directory: string;
  /** Directory that relative targets count from. */
  workdir: string;
  /** The build's context, as directories whose content together it is. */
  context: () => Promise<string[]>;
  /** Directory that shows a stage or an image. */
  viewOf: (name: string) => Promise<string>;
  secrets: Record<string, string>;
  signal: AbortSignal;
}

/**
 * What the `--mount` flags of a RUN step put in place. A cache lasts for the build; what is written to a bound directory
 * is lost after the step.
 *
 * @throws AppError RUN_MOUNT_INVALID
 */
export async function runMounts(
  mounts: readonly RunMount[],
  options: RunMountOptions,
): Promise<{ mounts: ContainerMount[]; env: Record<string, string> }> {
  const made: ContainerMount[] = [];
  const env: Record<string, string> = {};
  for (const mount of mounts) {
    const target =
      mount.target === undefined
        ? undefined
        : posix.resolve("/", options.workdir, options.expand(mount.target));
    if (mount.type === "secret") {
      const secret = secretOf(mount, target, options);
      if (secret === undefined) continue;
      if (secret.variable !== undefined) env[secret.variable] = secret.value;
      if (secret.target === undefined) continue;
      const file = join(await freshDirectory(options.directory), "secret");
      await writeFile(file, secret.value, { mode: 0o400 });
      await giveAway(file, mount, 0o400);
      made.push({ source: file, target: secret.target, readOnly: true });
    } else if (target !== undefined) made.push(await directoryFor(mount, target, options));
  }
  return { mounts: made, env };
}

async function directoryFor(
  mount: RunMount,
  target: string,
  options: RunMountOptions,
): Promise<ContainerMount> {
  if (mount.type === "bind") return await bound(mount, target, options);
  if (mount.type === "tmpfs") {
    return { source: await freshDirectory(options.directory), target, readOnly: false };
  }
  const id = mount.options.get("id") ?? target;
  const source = join(options.directory, `cache-${createHash("sha256").update(id).digest("hex")}`);
  await mkdir(source, { recursive: true });
  await giveAway(source, mount, 0o777);
  return { source, target, readOnly: flag(mount, "ro") || flag(mount, "readonly") };
}

async function bound(mount: RunMount, target: string, options: RunMountOptions): Promise<ContainerMount> {
  const from = mount.options.get("from");
  const path = options.expand(mount.options.get("source") ?? mount.options.get("src") ?? "/");
  const roots = from === undefined ? await options.context() : [await options.viewOf(options.expand(from))];
  for (const root of roots) {
    using opened = OpenDirectory.open(root);
    using source = await sourceAt(opened, path);
    if (!source) continue;
    if (!flag(mount, "rw") && !flag(mount, "readwrite")) {
      return { source: posix.join(source.directory.realPath(), source.name), target, readOnly: true };
    }
    const copyRoot = await freshDirectory(options.directory);
    const owner = { uid: 0, gid: 0 };
    const { signal } = options;
    await copyTree(source, "/copy", {
      root: copyRoot,
      owner,
      mode: undefined,
      onFile: () => undefined,
      signal,
    });
    return { source: join(copyRoot, "copy"), target, readOnly: false };
  }
  throw invalid(`${from === undefined ? "The build's context" : from} has no ${path} to mount.`);
}

function secretOf(mount: RunMount, target: string | undefined, { secrets }: RunMountOptions) {
  const id = mount.options.get("id") ?? (target === undefined ? undefined : basename(target));
  if (id === undefined) throw invalid("RUN --mount=type=secret needs an id.");
  const value = secrets[id];
  const variable = mount.options.get("env");
  if (value !== undefined) {
    const usual = variable === undefined ? `/run/secrets/${id}` : undefined;
    return { value, variable, target: target ?? usual };
  }
  if (!flag(mount, "required")) return undefined;
  throw invalid(`The build has no secret "${id}".`);
}

/** Gives a file or directory the owner and mode that the flag wants. */
async function giveAway(path: string, { options }: RunMount, usualMode: number): Promise<void> {
  const number = (name: string, radix: number, usual: number) => {
    const text = options.get(name);
    const value = text === undefined ? usual : Number.parseInt(text, radix);
    const isPlain = text === undefined || (radix === 8 ? /^0*[0-7]{1,4}$/ : /^\d{1,9}$/).test(text);
    if (isPlain) return value;
    throw invalid(`RUN --mount has ${name}=${text}, which is not a number.`);
  };
  await chown(path, number("uid", 10, 0), number("gid", 10, 0));
  await chmod(path, number("mode", 8, usualMode));
}

function flag(mount: RunMount, name: string): boolean {
  return mount.options.get(name) === "true";
}

function freshDirectory(directory: string): Promise<string> {
  return mkdtemp(join(directory, "mount-"));
}

function invalid(message: string): AppError {
  return new AppError("RUN_MOUNT_INVALID", message, {
    status: "INVALID_ARGUMENT",
    remedy:
      "Correct the --mount flag; secrets are the variables of the modal.Secret objects that the step gets.",
  });
}
