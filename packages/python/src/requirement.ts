import { AppError } from "@dorian/base/app-error";
import { validRange } from "@renovatebot/pep440";

/** One line of a requirements list, such as `aiohttp[speedups]~=3.9; python_version < "3.12"`. */
export interface Requirement {
  /** In normal form: lower case, with single dashes. */
  name: string;
  extras: string[];
  /** Version specifiers, such as "~=3.9,!=3.9.2". Empty: any version. */
  specifier: string;
  /** When the requirement applies. Undefined: always. */
  marker?: string;
}

/** Letters that a line may have. Whoever made a package wrote it, and the patterns here take time in the square of its length. */
const maxLength = 2_000;

const shape =
  /^([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)\s*(?:\[([^\]]*)\])?\s*(?:\(([^)]*)\)|([^;()@]*?))\s*(?:;\s*(.+))?$/i;

/** @throws AppError REQUIREMENT_INVALID */
export function parseRequirement(text: string): Requirement {
  const match = text.length <= maxLength ? shape.exec(text.trim().replaceAll(/\s+/g, " ")) : undefined;
  const specifier = (match?.[3] ?? match?.[4] ?? "").replaceAll(/\s+/g, "");
  if (!match || (specifier !== "" && !validRange(specifier))) {
    throw new AppError(
      "REQUIREMENT_INVALID",
      `"${text.slice(0, 200)}" does not name a package and its versions.`,
      {
        status: "INVALID_ARGUMENT",
        remedy:
          'Write it as in requirements files, such as "aiohttp~=3.9". Addresses and paths are not taken.',
      },
    );
  }
  const extras = (match[2] ?? "").split(",").map((extra) => extra.trim());
  return {
    name: normalName(match[1] ?? ""),
    extras: extras.filter((extra) => extra !== ""),
    specifier,
    ...(match[5] === undefined ? {} : { marker: match[5].trim() }),
  };
}

/** The requirements of a requirements file, without its comments and options. */
export function parseRequirements(text: string): Requirement[] {
  return text
    .split("\n")
    .map((line) => line.replace(/(?:^|\s)#.*/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("-"))
    .map((line) => parseRequirement(line));
}

/** One spelling for all spellings of a package's name. */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}
