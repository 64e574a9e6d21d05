const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** A number of bytes for people, in powers of 1024: "0 B", "1.5 MiB". */
export function formatBytes(bytes: number | bigint): string {
  let value = Number(bytes);
  let unit = 0;
  // 1023.95 would be shown as 1024.0 of the smaller unit.
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const text = unit === 0 ? String(value) : value.toFixed(1);
  return `${text.endsWith(".0") ? text.slice(0, -2) : text} ${units[unit]}`;
}
