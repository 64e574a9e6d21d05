import { libc } from "./libc.ts";

/** Gives the kernel what the C library keeps of memory that was freed: it would keep it for the next burst. */
export function trimHeap(): void {
  libc.mallocTrim(0);
}
