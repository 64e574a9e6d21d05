/** Unix seconds as ISO text for JSON; null for 0, which the wire uses for "never". */
export function isoTime(seconds: number): string | null {
  return seconds === 0 ? null : new Date(seconds * 1000).toISOString();
}
