import { writeFileSync } from "node:fs";

/**
 * Says how soon the kernel ends a process when memory is short: from -1000, never, to 1000, first. Its later children
 * begin with the same. False where this process may not say so, or the other one is gone.
 */
export function setOomScore(score: number, pid: number | "self" = "self"): boolean {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(score));
    return true;
  } catch {
    // Lowering wants a privilege that root in a container may lack. What it protects from is rare.
    return false;
  }
}
