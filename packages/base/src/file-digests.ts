import type { FileHandle } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { must } from "./must.ts";

/** Less is hashed in less time than it takes to ask a thread for it. */
export const threadBytes = 256 * 1024;

const mostThreads = 4;
/** A thread that has nothing to do for so long ends: it costs some megabytes. */
const idleMs = 5_000;

export type DigestAlgorithm = "sha256" | "md5";

/** A part of an open file. */
export interface DigestRange {
  start: number;
  end: number;
  /** Zeros at its end do not count. */
  withoutTrailingZeros?: boolean;
}

export interface RangeDigest {
  /** In hexadecimal, one for each algorithm. */
  digests: string[];
  /** How much there was of the range. */
  bytes: number;
}

/** What a thread is asked. */
interface Question {
  fd: number;
  range: DigestRange;
  algorithms: readonly DigestAlgorithm[];
}

type Answer = RangeDigest | { failure: { message: string; code?: string } };

interface Job {
  question: Question;
  resolve: (digest: RangeDigest) => void;
  reject: (error: Error) => void;
}

interface Thread {
  worker: Worker;
  job: Job | undefined;
  rest: NodeJS.Timeout | undefined;
}

/**
 * Takes digests of what is in files, in threads that read it themselves: neither the event loop nor the memory of whoever
 * asks has anything to do with the bytes. Threads start when they are needed, as many as there are processors, and end when they are not.
 */
export class FileDigests implements AsyncDisposable {
  readonly #limit = Math.min(mostThreads, availableParallelism());
  readonly #threads = new Set<Thread>();
  readonly #waiting: Job[] = [];
  #isOver = false;

  /** The file has to stay open until the answer is there. */
  async of(
    file: FileHandle,
    range: DigestRange,
    algorithms: readonly DigestAlgorithm[],
  ): Promise<RangeDigest> {
    if (this.#isOver) throw ended();
    // In the words of Node 20, in which programs put files, too.
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ question: { fd: file.fd, range, algorithms }, resolve, reject });
      this.#assign();
    });
  }

  async sha256(file: FileHandle, range: DigestRange): Promise<string> {
    const { digests } = await this.of(file, range, ["sha256"]);
    return must(digests[0], "the digest that was asked for");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    for (const job of this.#waiting.splice(0)) job.reject(ended());
    await Promise.all([...this.#threads].map((thread) => this.#end(thread)));
  }

  #assign(): void {
    const isIdle = ({ job }: Thread) => job === undefined;
    while (this.#waiting.length > 0) {
      const thread = [...this.#threads].find(isIdle) ?? this.#start();
      if (!thread) return;
      clearTimeout(thread.rest);
      thread.job = this.#waiting.shift();
      thread.worker.ref();
      thread.worker.postMessage(thread.job?.question);
    }
  }

  #start(): Thread | undefined {
    if (this.#threads.size >= this.#limit) return undefined;
    // By its text, so that it is there wherever this code was bundled into.
    const worker = new Worker(`(${answerQuestions.toString()})()`, { eval: true, execArgv: [] });
    const thread: Thread = { worker, job: undefined, rest: undefined };
    this.#threads.add(thread);
    worker.on("message", (answer: Answer) => {
      const { job } = thread;
      thread.job = undefined;
      // Nothing keeps a process for what it might ask.
      worker.unref();
      thread.rest = setTimeout(() => void this.#end(thread), idleMs).unref();
      if ("failure" in answer) job?.reject(Object.assign(new Error(answer.failure.message), answer.failure));
      else job?.resolve(answer);
      this.#assign();
    });
    worker.on("error", (error) => thread.job?.reject(error));
    worker.on("exit", () => {
      this.#threads.delete(thread);
      thread.job?.reject(ended());
      this.#assign();
    });
    return thread;
  }

  async #end(thread: Thread): Promise<void> {
    clearTimeout(thread.rest);
    this.#threads.delete(thread);
    await thread.worker.terminate();
  }
}

function ended(): Error {
  return new Error("The thread that was to take a digest has ended.");
}

/** All that a thread runs: it sees nothing that is outside of this function. */
function answerQuestions(): void {
  const { parentPort } = process.getBuiltinModule("node:worker_threads");
  const { createHash } = process.getBuiltinModule("node:crypto");
  const { readSync } = process.getBuiltinModule("node:fs");
  const buffer = Buffer.allocUnsafeSlow(256 * 1024);
  const zeros = Buffer.alloc(buffer.length);
  parentPort?.on("message", ({ fd, range, algorithms }: Question) => {
    try {
      let { end } = range;
      while (range.withoutTrailingZeros && end > range.start) {
        const start = Math.max(range.start, end - buffer.length);
        const read = buffer.subarray(0, readSync(fd, buffer, 0, end - start, start));
        if (read.length < end - start) break;
        let length = read.length;
        if (read.equals(zeros.subarray(0, length))) length = 0;
        while (length > 0 && read[length - 1] === 0) length -= 1;
        end = start + length;
        if (length > 0) break;
      }
      const hashes = algorithms.map((algorithm) => createHash(algorithm));
      let at = range.start;
      while (at < end) {
        const bytes = readSync(fd, buffer, 0, Math.min(buffer.length, end - at), at);
        if (bytes === 0) break;
        for (const hash of hashes) hash.update(buffer.subarray(0, bytes));
        at += bytes;
      }
      parentPort?.postMessage({ bytes: at - range.start, digests: hashes.map((hash) => hash.digest("hex")) });
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      parentPort?.postMessage({ failure: { message, ...(code === undefined ? {} : { code }) } });
    }
  });
}
