import { dockerfileError } from "./dockerfile/dockerfile-error.ts";
import { expandWord } from "./dockerfile/expand-word.ts";
import { defaultPath } from "@dorian/oci/image-configuration";

/** Where variables are set: a stage. */
interface Scope {
  config: { env: Record<string, string> };
  args: Map<string, string>;
}

interface Place {
  /** Line of the Dockerfile, for errors. */
  line: number;
  /** Undefined before the first FROM, and in FROM itself. */
  scope: Scope | undefined;
  /** Quotes are letters like others, as in the text of a file. */
  quotesAreText?: boolean;
}

/** The kernel takes half of it for a path. */
const maxPlaceLength = 8_192;

/** Letters of all texts of a build together: they are kept with its stages, and hashed for each step. */
const maxMade = 16 * 1024 * 1024;

const architectures: Record<string, string> = { x64: "amd64", arm64: "arm64", arm: "arm", ia32: "386" };
const synonyms: Record<string, string> = { x86_64: "amd64", aarch64: "arm64", "x86-64": "amd64" };

/** The variables of a build: what ARG and ENV have set, and what builders know by themselves. */
export class BuildVariables {
  #given: Record<string, string>;
  #escape: string;
  #made = 0;
  /** Declared before the first FROM, and for a stage that declares their names. */
  #global = platformArgs();

  constructor(options: { given: Record<string, string>; escape: string }) {
    this.#given = options.given;
    this.#escape = options.escape;
  }

  /** Carries out ARG. What the build was given wins over the line, and the line over what was declared before FROM. */
  declare(values: readonly (readonly [string, string | undefined])[], place: Place): void {
    const set = values.map(([name, value]) => {
      const own = value === undefined ? undefined : this.expand(value, place);
      return [name, this.#given[name] ?? own ?? (place.scope ? this.#global.get(name) : undefined)] as const;
    });
    const args = place.scope?.args ?? this.#global;
    for (const [name, value] of set) if (value !== undefined) args.set(name, value);
  }

  /** A text with its variables replaced. @throws AppError DOCKERFILE_INVALID */
  expand(text: string, { line, scope, quotesAreText = false }: Place): string {
    const fail = (problem: string): never => {
      throw dockerfileError(line, problem);
    };
    const made = expandWord(text, {
      escape: this.#escape,
      quotesAreText,
      fail,
      // ENV wins over ARG of the same name, as in Docker.
      lookup: (name) =>
        scope
          ? (scope.config.env[name] ?? scope.args.get(name) ?? (name === "PATH" ? defaultPath : undefined))
          : this.#global.get(name),
    });
    this.#made += made.length;
    if (this.#made > maxMade) fail(`what its variables make has more than ${maxMade} letters in all.`);
    return made;
  }

  /** A path or an address. What it comes to is found in the square of its length. @throws AppError DOCKERFILE_INVALID */
  expandPlace(text: string, at: Place): string {
    const place = this.expand(text, at);
    if (place.length <= maxPlaceLength) return place;
    throw dockerfileError(
      at.line,
      `"${place.slice(0, 100)}…" has ${place.length} letters, where a path or an address has ${maxPlaceLength} at most.`,
    );
  }

  /** @throws AppError DOCKERFILE_INVALID for a platform that is not this machine's */
  requirePlatform(text: string, line: number): void {
    const wanted = this.expand(text, { line, scope: undefined });
    const own = this.#global.get("TARGETPLATFORM") ?? "";
    const [system, architecture = ""] = wanted.toLowerCase().split("/");
    if (`${system}/${synonyms[architecture] ?? architecture}` === own) return;
    throw dockerfileError(
      line,
      `FROM --platform=${text} asks for "${wanted}", and this machine builds for ${own}.`,
      "Leave --platform out, or build on a machine of that kind.",
    );
  }
}

function platformArgs(): Map<string, string> {
  const architecture = architectures[process.arch] ?? process.arch;
  const args = new Map<string, string>();
  for (const side of ["TARGET", "BUILD"]) {
    args.set(`${side}PLATFORM`, `linux/${architecture}`);
    args.set(`${side}OS`, "linux");
    args.set(`${side}ARCH`, architecture);
    args.set(`${side}VARIANT`, "");
  }
  return args;
}
