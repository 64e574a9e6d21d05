import { AppError } from "@dorian/base/app-error";
import { satisfies, valid } from "@renovatebot/pep440";
import type { WheelTarget } from "./wheel-tags.ts";

type Variables = Record<string, string>;

/** Whether a requirement's marker holds on a target. @throws AppError MARKER_INVALID */
export function markerHolds(marker: string, target: WheelTarget): boolean {
  const tokens = marker.match(/"[^"]*"|'[^']*'|[()]|[<>=!~]+|[\w.]+/g) ?? [];
  if (tokens.join("").length !== marker.replaceAll(/\s(?=(?:[^"']*["'][^"']*["'])*[^"']*$)/g, "").length) {
    throw invalid(marker);
  }
  const reader = new MarkerReader(marker, tokens, variablesOf(target));
  return reader.read();
}

function variablesOf({ pythonMinor, arch }: WheelTarget): Variables {
  const version = pythonMinor.replace(/t$/, "");
  return {
    python_version: version,
    python_full_version: `${version}.0`,
    implementation_name: "cpython",
    implementation_version: `${version}.0`,
    platform_python_implementation: "CPython",
    os_name: "posix",
    sys_platform: "linux",
    platform_system: "Linux",
    platform_machine: arch,
    platform_release: "",
    platform_version: "",
    extra: "",
  };
}

/** Reads left to right: "or" of "and" of comparisons or parentheses. */
class MarkerReader {
  #marker: string;
  #tokens: string[];
  #variables: Variables;

  constructor(marker: string, tokens: string[], variables: Variables) {
    this.#marker = marker;
    this.#tokens = [...tokens];
    this.#variables = variables;
  }

  read(): boolean {
    const result = this.#either();
    if (this.#tokens.length > 0) throw invalid(this.#marker);
    return result;
  }

  #either(): boolean {
    let result = this.#both();
    while (this.#take("or")) result = this.#both() || result;
    return result;
  }

  #both(): boolean {
    let result = this.#one();
    while (this.#take("and")) result = this.#one() && result;
    return result;
  }

  #one(): boolean {
    if (this.#take("(")) {
      const result = this.#either();
      if (!this.#take(")")) throw invalid(this.#marker);
      return result;
    }
    const left = this.#value();
    const negated = this.#take("not");
    const operator = this.#tokens.shift() ?? "";
    if (negated && operator !== "in") throw invalid(this.#marker);
    const right = this.#value();
    if (operator === "in") return right.includes(left) !== negated;
    return this.#compare(left, operator, right);
  }

  #compare(left: string, operator: string, right: string): boolean {
    if (!/^(?:[<>]=?|[=!]=|~=|===)$/.test(operator)) throw invalid(this.#marker);
    const isPattern = right.endsWith(".*");
    if (valid(left) && valid(isPattern ? right.slice(0, -2) : right)) {
      return satisfies(left, `${operator}${right}`, { prereleases: true });
    }
    if (operator === "==" || operator === "===") return left === right;
    if (operator === "!=") return left !== right;
    throw invalid(this.#marker);
  }

  #value(): string {
    const token = this.#tokens.shift() ?? "";
    if (/^["']/.test(token)) return token.slice(1, -1);
    const value = this.#variables[token];
    if (value === undefined) throw invalid(this.#marker);
    return value;
  }

  #take(token: string): boolean {
    if (this.#tokens[0] !== token) return false;
    this.#tokens.shift();
    return true;
  }
}

function invalid(marker: string): AppError {
  return new AppError("MARKER_INVALID", `The condition "${marker}" of a requirement cannot be read.`, {
    status: "INVALID_ARGUMENT",
    remedy: 'Write it as in requirements files, such as `python_version < "3.12"`.',
  });
}
