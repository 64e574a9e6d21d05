import type { BuildComponents } from "../image/build-components.ts";

/** Something that was built before and may be the former version of what is to be built now. */
export interface EarlierBuild {
  components: BuildComponents;
  state: "building" | "ready" | "failed";
  createdAtMs: number;
}

/**
 * Why something has to be built, in words, by comparison with what it resembles most among the earlier builds of the
 * same step.
 *
 * @example
 * buildReason(components, earlier, "Model.download"); // "the global MODEL_NAME changed"
 */
export function buildReason(
  components: BuildComponents,
  earlier: readonly EarlierBuild[],
  subject: string,
): string {
  const [closest] = earlier
    .map((build) => ({ build, changes: changesBetween(build.components, components, subject) }))
    .toSorted((a, b) => sum(a.changes) - sum(b.changes) || b.build.createdAtMs - a.build.createdAtMs);
  if (!closest) return "it has not been built before";
  if (closest.changes.length > 0) return closest.changes.map(({ text }) => text).join(", and ");
  return closest.build.state === "failed" ? "the last build of it failed" : "it is no longer in the cache";
}

interface Change {
  text: string;
  /** How many things changed. */
  count: number;
}

function sum(changes: readonly Change[]): number {
  return changes.reduce((total, { count }) => total + count, 0);
}

function changesBetween(before: BuildComponents, after: BuildComponents, subject: string): Change[] {
  const changes: (Change | string | undefined)[] = [
    before.base === after.base ? undefined : "the image below it changed",
    commandChange(before.commands, after.commands),
    named("the context file", "the context files", changedNames(before.contextFiles, after.contextFiles)),
    before.contextMount === after.contextMount ? undefined : "the files copied into it changed",
    listChange("the secrets", before.secrets, after.secrets),
    named("the build argument", "the build arguments", changedNames(before.buildArgs, after.buildArgs)),
    before.gpu === after.gpu
      ? undefined
      : `the GPU changed from ${before.gpu || "none"} to ${after.gpu || "none"}`,
    listChange("the volumes", before.volumes, after.volumes),
    before.builderVersion === after.builderVersion ? undefined : "the builder version changed",
    before.definition === after.definition ? undefined : `the source or the settings of ${subject} changed`,
    globalsChange(before.globals, after.globals),
    (before.registry ?? "") === after.registry ? undefined : "the login to its registry changed",
    before.input === after.input ? undefined : `the arguments of ${subject} changed`,
  ];
  return changes
    .filter((change) => change !== undefined)
    .map((change) => (typeof change === "string" ? { text: change, count: 1 } : change));
}

function commandChange(before: readonly string[], after: readonly string[]): string | undefined {
  const length = Math.max(before.length, after.length);
  for (let index = 0; index < length; index++) {
    const [old, now] = [before[index], after[index]];
    if (old === now) continue;
    if (now === undefined) return `the line "${shortened(old)}" was removed`;
    if (old === undefined) return `the line "${shortened(now)}" is new`;
    return `the line "${shortened(now)}" was "${shortened(old)}"`;
  }
  return undefined;
}

function globalsChange(
  before: Record<string, string>,
  after: Record<string, string>,
): Change | string | undefined {
  const names = changedNames(before, after);
  if (names.includes("")) return "a value that it uses changed";
  return named("the global", "the globals", names);
}

function changedNames(before: Record<string, string>, after: Record<string, string>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).toSorted();
}

function named(one: string, many: string, names: readonly string[]): Change | undefined {
  if (names.length === 0) return undefined;
  return { text: `${names.length === 1 ? one : many} ${names.join(", ")} changed`, count: names.length };
}

function listChange(what: string, before: readonly string[], after: readonly string[]): string | undefined {
  return before.join("\n") === after.join("\n") ? undefined : `${what} changed`;
}

function shortened(line: string | undefined): string {
  const text = (line ?? "").trim();
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
