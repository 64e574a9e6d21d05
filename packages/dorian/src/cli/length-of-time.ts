/** A hundred years: what is meant to last for ever is given no length. */
const longestSecs = 100 * 365 * 86_400;
const secondsOf: Record<string, number> = { s: 1, min: 60, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A length of time such as "30d", "12h" or "90m", in whole seconds; undefined when it is none. */
export function secondsOfLength(text: string): number | undefined {
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)$/.exec(text.trim()) ?? [];
  const seconds = Math.round(Number(amount) * (secondsOf[unit] ?? 0));
  return amount === "" || seconds <= 0 || seconds > longestSecs ? undefined : seconds;
}
