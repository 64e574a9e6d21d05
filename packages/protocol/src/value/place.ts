/** The way to a value inside another: the containers passed, and the step taken in each. */
export interface Way {
  containers: readonly (object | undefined)[];
  steps: readonly (string | number)[];
  depth: number;
}

/** Step into something that is no container to who reads the place, such as a tag. */
export const noStep = -1;

/** More steps than these say no more to a reader. */
const maxSteps = 12;

/** The place that a way leads to, as one would write it in code: `.rows[3].site`. Empty for the whole value. */
export function placeOf({ containers, steps, depth }: Way): string {
  const texts: string[] = [];
  for (let at = 0; at < depth; at++) texts.push(stepText(containers[at], steps[at] ?? 0));
  if (texts.length <= maxSteps) return texts.join("");
  const half = maxSteps / 2;
  return `${texts.slice(0, half).join("")} … ${texts.slice(-half).join("")}`;
}

function stepText(container: object | undefined, step: string | number): string {
  if (step === noStep) return "";
  // Of a map each entry is two steps: its key and its value.
  if (container instanceof Map) {
    const index = Math.floor(Number(step) / 2);
    return Number(step) % 2 === 0 ? ` key [${index}]` : `.get(${keyText([...container.keys()][index])})`;
  }
  if (container instanceof Set) return ` member [${step}]`;
  if (typeof step === "number") return `[${step}]`;
  return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${keyText(step)}]`;
}

const maxKeyLength = 60;

function keyText(key: unknown): string {
  if (typeof key !== "string") return typeof key === "object" ? "…" : String(key);
  const text = JSON.stringify(key);
  return text.length <= maxKeyLength ? text : `${text.slice(0, maxKeyLength)}…"`;
}
