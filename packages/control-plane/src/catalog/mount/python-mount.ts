import { AppError } from "@dorian/base/app-error";
import { interpreterFiles } from "@dorian/python/interpreter-files";
import { compareVersions, type Interpreter } from "@dorian/python/interpreters";
import type { BlockStore } from "@dorian/storage/block-store";
import { concurrently } from "@dorian/base/concurrently";
import type { Logger } from "pino";
import { bytecodeFiles } from "./bytecode.ts";
import type { MountFile } from "./mount-files.ts";

/** Directory of the interpreter in its mount; images copy it to where it is used. */
const directory = "/python";
const place = "/usr/local";
const concurrency = 16;

/** The first release whose Pythons have a program that is just called "python"; images make a link before that. */
const firstWithShortName = "20241008";

/**
 * The files of a Python for images that have none: one of this machine of the wanted minor version, with the standard
 * library compiled.
 *
 * @throws AppError PYTHON_NOT_FOUND naming those that there are.
 */
export async function pythonFiles(options: {
  wanted: { release: string; version: string; minor: string };
  interpreters: readonly Interpreter[];
  blocks: BlockStore;
  logger: Logger;
  signal: AbortSignal;
}): Promise<MountFile[]> {
  const { wanted, interpreters, blocks, logger, signal } = options;
  const interpreter = choose(wanted, interpreters);
  logger.info(
    { wanted: wanted.version, used: interpreter.version, from: interpreter.prefix },
    "copying a Python",
  );
  const files = new Map<string, MountFile>();
  await concurrently(interpreterFiles(interpreter, { place }), { limit: concurrency }, async (file) => {
    signal.throwIfAborted();
    const { sha } = await blocks.put(file.content);
    const path = `${directory}/${file.path}`;
    files.set(path, { path, sha256: sha, mode: file.mode });
  });
  const program = files.get(`${directory}/bin/python${wanted.minor}`);
  const aliases = wanted.release < firstWithShortName ? ["python3"] : ["python3", "python"];
  const copies = program ? aliases.map((alias) => ({ ...program, path: `${directory}/bin/${alias}` })) : [];
  const all = [...files.values(), ...copies];
  const compiled = await bytecodeFiles({
    // What an owner may replace with another version must not hide behind what was compiled before.
    files: all.filter(({ path }) => !path.includes("/site-packages/")),
    pythonMinor: wanted.minor,
    moved: { from: directory, to: place },
    interpreters: [interpreter],
    blocks,
    logger,
    signal,
  });
  return [...all, ...compiled];
}

function choose(
  { version, minor }: { version: string; minor: string },
  interpreters: readonly Interpreter[],
): Interpreter {
  const fitting = interpreters.filter((each) => each.minor === minor);
  const chosen = fitting.find((each) => each.version === version) ?? fitting[0];
  if (chosen) return chosen;
  const minors = [...new Set(interpreters.map((each) => each.minor))].toSorted(compareVersions);
  const choices = minors.length > 0 ? `it has ${minors.join(", ")}` : "it has none";
  throw new AppError(
    "PYTHON_NOT_FOUND",
    `The server's machine has no Python ${minor} to add to images; ${choices}.`,
    {
      status: "NOT_FOUND",
      remedy: `Ask for one that it has, or put Python ${minor}, installed or as an archive of python-build-standalone (cpython-…-install_only.tar.gz), into a directory that DORIAN_PYTHONS names where the server runs.`,
    },
  );
}
