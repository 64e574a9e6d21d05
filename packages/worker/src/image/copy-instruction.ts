import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OperatorSettings } from "@dorian/operator/operator-settings";
import { fetchAddress, unpackArchive } from "./add-sources.ts";
import type { BuildStage } from "./build-stage.ts";
import { copyStep } from "./copy-step.ts";
import type { Instruction } from "./dockerfile/instruction.ts";

export type CopyInstruction = Extract<Instruction, { kind: "copy" }>;

export interface CopyInstructionOptions {
  stage: BuildStage;
  /** With variables replaced. */
  sources: readonly string[];
  addresses: readonly string[];
  target: string;
  /** Directories that show together what the other sources are of. */
  sourceRoots: readonly string[];
  expand: (text: string, options?: { quotesAreText: boolean }) => string;
  /** Private directory on the file system of the layer store. */
  scratch: string;
  operator: OperatorSettings;
  say: (text: string) => void;
  signal: AbortSignal;
}

/** Carries out COPY and ADD: what it names, what it brings along itself, and what it fetches. */
export async function copyFiles(instruction: CopyInstruction, how: CopyInstructionOptions): Promise<void> {
  const { options } = instruction;
  const { stage, sources, addresses, target, expand, scratch, say, signal } = how;
  const local = sources.filter((source) => !addresses.includes(source));
  const made = await madeSources(instruction, how);
  // What was fetched stays as it is, as in Docker.
  const unpack = async (path: string) =>
    path.startsWith(`${made.root}/`) ? undefined : await unpackArchive(path, { directory: scratch, signal });
  await copyStep(
    {
      sources: [...local, ...made.names],
      target,
      options: {
        ...options,
        ...(options.chown && { chown: expand(options.chown) }),
        ...(options.chmod && { chmod: expand(options.chmod) }),
      },
    },
    {
      sourceRoots: [...how.sourceRoots, ...(made.names.length > 0 ? [made.root] : [])],
      ...(options.add && local.length > 0 ? { unpack } : {}),
      root: await stage.root(),
      workdir: stage.config.workdir || "/",
      onLog: say,
      signal,
    },
  );
}

/** What a COPY or ADD brings along itself, or fetches: in a directory of their own, below a name that nothing else has. */
async function madeSources(
  { documents, options }: CopyInstruction,
  { addresses, expand, scratch, operator, say, signal }: CopyInstructionOptions,
): Promise<{ root: string; names: string[] }> {
  const root = await mkdtemp(join(scratch, "made-"));
  const folder = randomUUID();
  const directory = join(root, folder);
  await mkdir(directory);
  const names: string[] = [];
  for (const { name, body, isLiteral } of documents) {
    await writeFile(join(directory, name), isLiteral ? body : expand(body, { quotesAreText: true }), {
      mode: 0o644,
    });
    names.push(name);
  }
  for (const url of addresses) {
    say(`   fetching ${url}\n`);
    names.push(await fetchAddress(url, { directory, operator, checksum: options.checksum, signal }));
  }
  return { root, names: names.map((name) => join(folder, name)) };
}
