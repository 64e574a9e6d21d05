import type { LogBatch } from "@dorian/protocol/worker";
import type { Database } from "../../database/database.ts";
import type { LogOrigin } from "./log-writer.ts";

export interface WorkerLogsOptions {
  db: Database;
  /** Takes a batch's lines; resolves when they are on disk, or when nobody has a use for them. */
  take: (batch: LogBatch, origin: LogOrigin) => Promise<void> | void;
  /** Tells a worker up to where its batches are kept. */
  acknowledge: (workerId: string, sequence: bigint) => void;
}

interface Sender {
  /** The newest batch that was taken. Those before it need not be on disk yet. */
  taken: bigint;
  kept: bigint;
  /** Settles when all that was taken so far is on disk. */
  writing: Promise<void>;
}

/** What workers send of their containers' logs and their builds': each batch is taken once, and acknowledged when it is kept. */
export class WorkerLogs {
  #options: WorkerLogsOptions;
  #senders = new Map<string, Sender>();

  private constructor(options: WorkerLogsOptions) {
    this.#options = options;
  }

  static async open(options: WorkerLogsOptions): Promise<WorkerLogs> {
    const logs = new WorkerLogs(options);
    const rows = await options.db.selectFrom("worker_log").select(["worker_id", "sequence"]).execute();
    for (const row of rows) {
      const sequence = BigInt(row.sequence);
      logs.#senders.set(row.worker_id, { taken: sequence, kept: sequence, writing: Promise.resolve() });
    }
    return logs;
  }

  /** Up to where the batches of a worker are kept. */
  keptOf(workerId: string): bigint {
    return this.#senders.get(workerId)?.kept ?? 0n;
  }

  received(workerId: string, batch: LogBatch): void {
    const { sequence } = batch;
    const sender = this.#senders.get(workerId) ?? { taken: 0n, kept: 0n, writing: Promise.resolve() };
    this.#senders.set(workerId, sender);
    // Sent again after a broken connection: it is taken, and will be acknowledged.
    if (sequence <= sender.taken) return;
    sender.taken = sequence;
    const taken = this.#options.take(batch, { workerId, sequence });
    sender.writing = Promise.all([sender.writing, taken]).then(() => {
      sender.kept = sequence;
      this.#options.acknowledge(workerId, sequence);
    });
  }
}
