import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError, messageOf } from "@dorian/base/app-error";
import { removeTree } from "@dorian/linux/remove-tree";
import { memoryOf } from "../../cgroup/cgroup.ts";
import type { Criu } from "./criu.ts";
import type { ContainerSite } from "./container-site.ts";
import { runInGroup } from "./process-group.ts";

/** Of both directions: what runc passes on to CRIU. Sockets that lead out of the container are its own to close before. */
export const criuOptions = ["--file-locks", "--ext-unix-sk", "--tcp-established", "--empty-ns", "network"];
const networkType = "NEWNET";

/** What runc has no option for. CRIU would lock the network by nftables, of which a container without one has no need. */
export const criuSettings = "network-lock skip\n";

/** A dump that has not ended by then never will: memory is written at a few hundred mebibytes a second. */
const dumpLimitMs = (bytes: number) => 60_000 + Math.ceil(bytes / 32_768);

/**
 * Writes a container's processes to files in `directory`, and lets them go on. runc takes a network that has a path for one that the
 * restored container will be given at the same: the description that it reads here has none. When this
 * rejects, nobody writes there any more.
 *
 * @throws AppError CHECKPOINT_FAILED with CRIU's last words
 */
export async function checkpoint(
  site: ContainerSite,
  options: { directory: string; criu: Criu; signal: AbortSignal },
): Promise<void> {
  const { directory, criu, signal } = options;
  const work = await mkdtemp(join(site.bundle, "checkpoint-"));
  try {
    const state = join(work, "state");
    await mkdir(join(state, site.engineId), { recursive: true, mode: 0o700 });
    const description = await readFile(join(site.state, site.engineId, "state.json"), "utf8");
    const settings = criuSettingsIn(work);
    await writeFile(settings, criuSettings);
    await writeFile(join(state, site.engineId, "state.json"), described(description, settings), {
      mode: 0o600,
    });
    const places = ["--image-path", directory, "--work-path", work];
    const args = ["--root", state, "checkpoint", "--leave-running", ...places, ...criuOptions, site.engineId];
    const limit = AbortSignal.timeout(dumpLimitMs(await memoryOf(site.layout, site.cgroup)));
    const inTime = AbortSignal.any([signal, limit]);
    const env = { PATH: pathWith(criu) };
    await runInGroup(site.engine.program, args, { env, signal: inTime }).catch(async (error: unknown) => {
      signal.throwIfAborted();
      const words = limit.aborted ? "It took too long." : await lastWords(join(work, "dump.log"));
      throw checkpointFailed(words, error);
    });
  } finally {
    await removeTree(work);
  }
}

export function criuSettingsIn(directory: string): string {
  return join(directory, "criu.conf");
}

/** A search path on which runc finds this CRIU first. */
export function pathWith(criu: Criu): string {
  return [dirname(criu.program), process.env.PATH].filter((part) => part && part !== ".").join(":");
}

/** CRIU's own account of what went wrong. */
export async function lastWords(log: string): Promise<string> {
  const text = await readFile(log, "utf8").catch(() => "");
  const errors = text.split("\n").filter((line) => line.includes("Error"));
  return errors.map((line) => line.replace(/^\(\S+\)\s*/, "").trim()).join("; ");
}

function described(description: string, settings: string): string {
  const state = JSON.parse(description) as {
    namespace_paths?: Record<string, string>;
    config: { namespaces: { type: string; path?: string }[]; labels?: string[] };
  };
  for (const namespace of state.config.namespaces) if (namespace.type === networkType) namespace.path = "";
  state.config.labels = [...(state.config.labels ?? []), `org.criu.config=${settings}`];
  return JSON.stringify(state);
}

function checkpointFailed(words: string, cause: unknown): AppError {
  return new AppError(
    "CHECKPOINT_FAILED",
    `The container's memory could not be written: ${words || messageOf(cause)}`,
    {
      status: "FAILED_PRECONDITION",
      remedy: "Containers of the function start without a snapshot.",
      cause,
    },
  );
}
