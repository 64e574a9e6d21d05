import type { ChildProcess } from "node:child_process";
import { setOomScore } from "@dorian/linux/oom-score";

/** Between the worker, whose score it would inherit, and the containers: without it a container's end is not told. */
const runcOomScore = -500;

export function shareOomScore(runc: ChildProcess): void {
  if (runc.pid !== undefined) setOomScore(runcOomScore, runc.pid);
}
