import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { basename, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError } from "@dorian/base/app-error";
import { FetchGuard } from "@dorian/operator/fetch-guard";
import type { OperatorSettings } from "@dorian/operator/operator-settings";
import { hostToolMissing, runHostTool } from "./host-tool.ts";
import { defaultPath } from "@dorian/oci/image-configuration";
import { RegistryTransport } from "@dorian/oci/registry-transport";

/** As the kernel has it. An address is ASCII. */
const maxNameBytes = 255;
/** What of the words of `tar` is told. */
const shownLines = 3;
const shownOfLine = 200;
/**
 * An archive says itself how much its reader has to hold: a name of gigabytes, a dictionary of four. The largest that
 * xz makes by its own levels has 64 MiB.
 */
const maxUnpackerMib = 512;
/** What `tar` runs for an archive that is compressed, where the package has another name. */
const unpackerPackages: Record<string, string> = { xz: "xz-utils" };
/** Beside others' calls it has time. */
const unpackerNiceness = 10;

/**
 * Fetches what ADD names by its address into `directory`. Returns the file's name.
 *
 * @throws AppError ADD_SOURCE_UNAVAILABLE, ADD_CHECKSUM_MISMATCH, FETCH_REFUSED
 */
export async function fetchAddress(
  url: string,
  options: {
    directory: string;
    operator: OperatorSettings;
    checksum: string | undefined;
    signal: AbortSignal;
  },
): Promise<string> {
  const { directory, operator, checksum, signal } = options;
  if (!URL.canParse(url)) throw unavailable(url, "it is no address", undefined);
  const name = basename(new URL(url).pathname) || "index.html";
  if (name.length > maxNameBytes)
    throw unavailable(url, "its last part is too long for a file's name", undefined);
  using transport = new RegistryTransport({ ...operator, guard: new FetchGuard(operator.networkBorder) });
  const response = await transport.get(url, { headers: {}, signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    if (AppError.is(error) && error.code === "FETCH_REFUSED") throw error;
    throw unavailable(url, AppError.is(error) ? error.message : String(error), error);
  });
  if (response.statusCode !== 200) {
    response.destroy();
    throw unavailable(url, `it answered with status ${response.statusCode}`, undefined);
  }
  const hash = createHash("sha256");
  const hashing = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(response, hashing, createWriteStream(join(directory, name), { mode: 0o600 }), { signal });
  const actual = `sha256:${hash.digest("hex")}`;
  if (checksum !== undefined && checksum !== actual) {
    throw new AppError("ADD_CHECKSUM_MISMATCH", `${url} has the checksum ${actual}, and not ${checksum}.`, {
      status: "INVALID_ARGUMENT",
      remedy: "What is at the address has changed: correct the checksum or the address.",
    });
  }
  return name;
}

/** Unpacks an archive, as ADD does, into a new directory below `directory`. @throws AppError ADD_ARCHIVE_INVALID, HOST_TOOL_MISSING */
export async function unpackArchive(
  path: string,
  options: { directory: string; signal: AbortSignal; /** Where programs are. */ searchPath?: string },
): Promise<string> {
  const target = await mkdtemp(join(options.directory, "archive-"));
  // An archive may be wrong in each of millions of entries: the first words tell why.
  const lines: string[] = [];
  const limited = `ulimit -v ${maxUnpackerMib * 1024} && exec nice -n ${unpackerNiceness} "$@"`;
  const tar = ["tar", "-xf", path, "-C", target, "--numeric-owner"];
  const code = await runHostTool("sh", ["-c", limited, "sh", ...tar], {
    debianPackage: "dash",
    // With threads xz would hold as much again for each.
    env: { PATH: options.searchPath ?? defaultPath, XZ_DEFAULTS: "--threads=1" },
    onLine: (line) => void (lines.length < shownLines && lines.push(line.slice(0, shownOfLine))),
    signal: options.signal,
  });
  if (code === 0) return target;
  const [, unpacker] = /(\w+): Cannot exec/.exec(lines.join("\n")) ?? [];
  if (unpacker !== undefined) throw hostToolMissing(unpacker, unpackerPackages[unpacker] ?? unpacker);
  throw new AppError("ADD_ARCHIVE_INVALID", `${basename(path)} cannot be unpacked: ${lines.join(" ")}`, {
    status: "INVALID_ARGUMENT",
    remedy: "COPY the archive and unpack it in a RUN step, where its tools can be installed.",
  });
}

function unavailable(url: string, why: string, cause: unknown): AppError {
  return new AppError("ADD_SOURCE_UNAVAILABLE", `ADD cannot fetch ${url}: ${why}.`, {
    status: "UNAVAILABLE",
    remedy: "Check the address, and that the worker's machine reaches it.",
    cause,
  });
}
