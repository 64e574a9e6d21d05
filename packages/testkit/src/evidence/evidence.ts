import { appendFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where what tests exercise is written down; undefined while nobody gathers it. */
const directory = process.env["DORIAN_EVIDENCE"];

export function isGathering(): boolean {
  return directory !== undefined;
}

/** What a server's environment needs so that its answered calls are written down. */
export function serverEvidence(): Record<string, string> {
  if (directory === undefined) return {};
  const recorder = fileURLToPath(new URL("./record-calls.ts", import.meta.url));
  const options = `${process.env["NODE_OPTIONS"] ?? ""} --disable-warning=ExperimentalWarning --import=${recorder}`;
  return { DORIAN_EVIDENCE: directory, NODE_OPTIONS: options.trim() };
}

/** The same for the functions of a Python client. */
export function pythonEvidence(): Record<string, string> {
  if (directory === undefined) return {};
  const path = fileURLToPath(new URL("./python", import.meta.url));
  const others = process.env["PYTHONPATH"];
  return {
    DORIAN_EVIDENCE: directory,
    PYTHONPATH: others === undefined ? path : `${path}${delimiter}${others}`,
  };
}

/** Notes a command that a client carried out. */
export function noteCommand(client: string, args: readonly string[]): void {
  note({ kind: "command", name: args.join(" "), client });
}

/** Makes the public methods of a JavaScript module's classes note that they were called. */
export function noteMethods(client: string, module: Record<string, unknown>): void {
  if (directory === undefined) return;
  for (const [className, value] of Object.entries(module)) {
    if (typeof value !== "function" || typeof value.prototype !== "object") continue;
    for (const holder of [value.prototype as object, value])
      for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(holder)))
        wrap(holder, name, property, () =>
          note({ kind: "javascript", name: `${className}.${name}`, client }),
        );
  }
}

function wrap(holder: object, name: string, property: PropertyDescriptor, onCall: () => void): void {
  const { value } = property as { value: unknown };
  if (name === "constructor" || typeof value !== "function" || !property.writable) return;
  const original = value as (...args: unknown[]) => unknown;
  const noting = function (this: unknown, ...args: unknown[]): unknown {
    onCall();
    return original.apply(this, args);
  };
  Object.defineProperty(holder, name, { ...property, value: noting });
}

function note(entry: { kind: string; name: string; client: string }): void {
  if (directory === undefined) return;
  appendFileSync(
    join(directory, `${entry.kind}s.jsonl`),
    `${JSON.stringify({ at: Date.now(), ...entry })}\n`,
  );
}
