/** What of a message is neither text nor bytes. */
const plainBytes = 8;

/** About how many bytes a message will take, without encoding it. */
export function roughSize(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return plainBytes;
  if (value instanceof Uint8Array) return value.length;
  let bytes = plainBytes;
  for (const part of Object.values(value)) bytes += roughSize(part);
  return bytes;
}
