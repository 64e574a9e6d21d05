import { Deadline } from "@dorian/base/deadline";
import { create } from "@bufbuild/protobuf";
import { Fifo } from "@dorian/base/fifo";
import { Notifier } from "@dorian/base/notifier";
import { FileDescriptor, TaskLogsSchema, type TaskLogs } from "@dorian/protocol/modal";
import { LogBatchSchema, type LogBatch } from "@dorian/protocol/worker";

/** Whose lines they are. */
export type LogSource = { taskId: string } | { buildId: string };

export interface LogOutboxOptions {
  /** Puts a batch on the connection to the server. */
  send: (batch: LogBatch) => void;
  nowMs: () => number;
  limits?: Partial<OutboxLimits>;
}

export interface OutboxLimits {
  /** Bytes that may be on their way: the server holds them in memory until its disk has them. */
  windowBytes: number;
  /** How much of one container's or one build's lines waits while the server is away or its disk is full. */
  sourceBytes: number;
  /** How much waits of all together. */
  totalBytes: number;
}

const usualLimits: OutboxLimits = { windowBytes: 4 << 20, sourceBytes: 16 << 20, totalBytes: 64 << 20 };

/** Lines that travel together, at most. */
const batchBytes = 256 * 1024;
/** What an item holds beside its text. */
const itemBytes = 100;

interface Waiting {
  items: TaskLogs[];
  bytes: number;
}

interface SourceQueue {
  source: LogSource;
  waiting: Fifo<Waiting>;
  bytes: number;
  dropped: number;
}

/**
 * Lines on their way to the server. Each is kept until the server says that its disk has it, and sent again after a broken
 * connection; what waits is bounded. Containers and builds take turns, so that one that floods delays no other's words.
 */
export class LogOutbox {
  #send: (batch: LogBatch) => void;
  #nowMs: () => number;
  #limits: OutboxLimits;
  /** The one whose turn it is first. */
  #queues = new Map<string, SourceQueue>();
  #waitingBytes = 0;
  #unkept: { batch: LogBatch; bytes: number }[] = [];
  #unkeptBytes = 0;
  #lastSequence = 0n;
  #isConnected = false;
  #changed = new Notifier();

  constructor(options: LogOutboxOptions) {
    this.#send = options.send;
    this.#nowMs = options.nowMs;
    this.#limits = { ...usualLimits, ...options.limits };
  }

  add(source: LogSource, items: TaskLogs[]): void {
    const key = keyOf(source);
    const queue = this.#queues.get(key) ?? { source, waiting: new Fifo<Waiting>(), bytes: 0, dropped: 0 };
    this.#queues.set(key, queue);
    const bytes = items.reduce((sum, item) => sum + Buffer.byteLength(item.data) + itemBytes, 0);
    queue.waiting.push({ items, bytes });
    queue.bytes += bytes;
    this.#waitingBytes += bytes;
    this.#sendSome();
    while (queue.bytes > this.#limits.sourceBytes) this.#dropOldest(queue);
    while (this.#waitingBytes > this.#limits.totalBytes) this.#dropOldest(this.#largest());
  }

  /** The server is there again, and has kept the batches up to this one. The others go first. */
  connected(kept: bigint): void {
    this.#isConnected = true;
    this.#forget(kept);
    for (const { batch } of this.#unkept) this.#send(batch);
    this.#sendSome();
  }

  disconnected(): void {
    this.#isConnected = false;
    this.#changed.notify();
  }

  kept(sequence: bigint): void {
    this.#forget(sequence);
    this.#sendSome();
  }

  /** Resolves when nothing of the source waits here any more: what is reported now comes to the server after its lines. */
  async allSent(source: LogSource, options: { timeoutMs: number; signal: AbortSignal }): Promise<void> {
    const deadline = new Deadline(options.timeoutMs);
    const { signal } = options;
    while (this.#queues.has(keyOf(source))) {
      if (deadline.isOver || signal.aborted) return;
      await this.#changed.wait({ signal, timeoutMs: deadline.leftMs });
    }
  }

  /** Resolves when the server has everything, or is not there. */
  async allKept(options: { timeoutMs: number; signal: AbortSignal }): Promise<void> {
    const deadline = new Deadline(options.timeoutMs);
    const { signal } = options;
    while (this.#isConnected && (this.#queues.size > 0 || this.#unkept.length > 0)) {
      if (deadline.isOver || signal.aborted) return;
      await this.#changed.wait({ signal, timeoutMs: deadline.leftMs });
    }
  }

  #forget(kept: bigint): void {
    const count = this.#unkept.findIndex(({ batch }) => batch.sequence > kept);
    const gone = this.#unkept.splice(0, count === -1 ? this.#unkept.length : count);
    for (const { bytes } of gone) this.#unkeptBytes -= bytes;
    this.#changed.notify();
  }

  #sendSome(): void {
    while (this.#isConnected && this.#unkeptBytes < this.#limits.windowBytes) {
      const next = this.#queues.entries().next().value;
      if (next === undefined) return;
      const [key, queue] = next;
      this.#queues.delete(key);
      this.#sendFrom(queue);
      if (queue.waiting.length > 0) this.#queues.set(key, queue);
      else this.#changed.notify();
    }
  }

  #sendFrom(queue: SourceQueue): void {
    const items = queue.dropped > 0 ? [droppedNote(queue.dropped, this.#nowMs())] : [];
    queue.dropped = 0;
    let bytes = 0;
    while (bytes < batchBytes) {
      const each = queue.waiting.shift();
      if (!each) break;
      items.push(...each.items);
      bytes += each.bytes;
    }
    queue.bytes -= bytes;
    this.#waitingBytes -= bytes;
    this.#lastSequence += 1n;
    const batch = create(LogBatchSchema, { ...queue.source, items, sequence: this.#lastSequence });
    this.#unkept.push({ batch, bytes });
    this.#unkeptBytes += bytes;
    this.#send(batch);
  }

  #largest(): SourceQueue {
    return [...this.#queues.values()].reduce((most, each) => (each.bytes > most.bytes ? each : most));
  }

  /** The newest lines say how it ended. */
  #dropOldest(queue: SourceQueue): void {
    const oldest = queue.waiting.shift();
    if (!oldest) return;
    queue.bytes -= oldest.bytes;
    this.#waitingBytes -= oldest.bytes;
    queue.dropped += oldest.bytes;
  }
}

function keyOf(source: LogSource): string {
  return "taskId" in source ? source.taskId : source.buildId;
}

function droppedNote(bytes: number, nowMs: number): TaskLogs {
  return create(TaskLogsSchema, {
    data: `About ${bytes} bytes of output were dropped here: the server could not take them in time.\n`,
    fileDescriptor: FileDescriptor.INFO,
    timestamp: nowMs / 1000,
  });
}
