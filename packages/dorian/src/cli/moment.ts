import { secondsOfLength } from "./length-of-time.ts";

const dateAlone = /^\d{4}-\d{2}-\d{2}$/;
const dateAndTime = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * A moment that a person names: "12h" (so long ago), "2026-11-30", or "2026-11-30T08:15", with or without a zone. Without one
 * it is of this machine's. In milliseconds since 1970; undefined when it is none of these.
 */
export function parseMoment(text: string, nowMs: number): number | undefined {
  const trimmed = text.trim();
  const ago = secondsOfLength(trimmed);
  if (ago !== undefined) return nowMs - ago * 1000;
  // Of a date alone the language says that it is one of Greenwich.
  const date = dateAlone.test(trimmed) ? `${trimmed}T00:00` : trimmed;
  if (!dateAndTime.test(date)) return undefined;
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? undefined : ms;
}
