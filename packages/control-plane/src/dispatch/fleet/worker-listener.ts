import type { WorkerHello, WorkerMessage } from "@dorian/protocol/worker";

export type WorkerReport = Exclude<WorkerMessage["message"], { case: undefined } | { case: "leaving" }>;

/** Who is told what workers say. */
export interface WorkerEvents {
  /** A worker is there, for the first time or again. Returns what is counted on to run there. */
  joined(workerId: string): {
    taskIds: string[];
    buildIds: string[];
    execIds: string[];
    execReports: Record<string, bigint>;
    httpPort: number;
    logsKept: bigint;
    webPorts: { ports: number[] };
  };
  /** After the worker's welcome has been sent. */
  welcomed(workerId: string, hello: Pick<WorkerHello, "execInputs">): void;
  reported(workerId: string, report: WorkerReport): void;
  /** It takes no new work from now on: it is about to end, or an operator wants it so. */
  drains(workerId: string, name: string): void;
  /** It takes new work again. */
  resumed(workerId: string): void;
  /** It was silent for too long or said goodbye: nothing that ran there will be heard of. */
  lost(workerId: string, name: string): void;
}
