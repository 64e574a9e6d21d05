import { readFileSync } from "node:fs";

/** How many files, sockets among them, this process may have open. Node has raised that to what its parent lets it have. Infinity where the system does not say. */
export function openFilesLimit(): number {
  try {
    return limitIn(readFileSync("/proc/self/limits", "utf8"));
  } catch {
    return Infinity;
  }
}

/** Reads it from a text as the kernel writes it. */
export function limitIn(limits: string): number {
  const [, soft = "unlimited"] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
  return soft === "unlimited" ? Infinity : Number(soft);
}
