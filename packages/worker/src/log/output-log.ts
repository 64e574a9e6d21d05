import { create } from "@bufbuild/protobuf";
import { FileDescriptor, TaskLogsSchema, type TaskLogs } from "@dorian/protocol/modal";
import type { OutputStream } from "../container/runtime.ts";
import { OutputLines } from "./output-lines.ts";

/** Input and call that a line belongs to. */
export interface LineOwner {
  inputId: string;
  functionCallId: string;
}

export interface OutputLogOptions {
  /** Receives what was written since the last time, in order. */
  send: (items: TaskLogs[]) => void;
  /** Input and call that are running, when it is clear which. */
  current: () => LineOwner | undefined;
  /** Longest time in milliseconds that a line waits for others to travel with. */
  flushMs: number;
  nowMs: () => number;
  /** A clock that nobody sets. Default: that of this process. */
  elapsedMs?: () => number;
}

/** Bytes of lines that travel as one item. */
const itemLength = 64 * 1024;

const descriptors = { stdout: FileDescriptor.STDOUT, stderr: FileDescriptor.STDERR };

/** Turns a container's output into log items of whole lines, batched: chatty code must not cost one message per write. */
export class OutputLog implements Disposable {
  #options: OutputLogOptions;
  #lines: OutputLines;
  #pending: TaskLogs[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Whose the unfinished line of a stream is: it belongs to the input that ran when it was begun. */
  #begun: Record<OutputStream, { owner: LineOwner | undefined } | undefined> = {
    stdout: undefined,
    stderr: undefined,
  };

  constructor(options: OutputLogOptions) {
    this.#options = options;
    this.#lines = new OutputLines({
      emit: (stream, text) => this.#emit(stream, text),
      note: (text) => this.note(text),
      elapsedMs: options.elapsedMs,
    });
  }

  write(stream: OutputStream, chunk: Buffer): void {
    this.#lines.write(stream, chunk);
    if (this.#lines.isHolding(stream)) this.#begun[stream] ??= { owner: this.#options.current() };
    else this.#begun[stream] = undefined;
  }

  /** Lines that were put together elsewhere. */
  say(stream: OutputStream, text: string): void {
    this.#add(descriptors[stream], text, this.#options.current());
  }

  /** A line of the platform's own, among the user's. */
  note(text: string): void {
    this.#add(FileDescriptor.INFO, `${text}\n`, this.#options.current());
  }

  /** Sends the lines that are whole. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const items = this.#pending;
    this.#pending = [];
    if (items.length > 0) this.#options.send(items);
  }

  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
    this.flush();
  }

  #emit(stream: OutputStream, text: string): void {
    const current = this.#options.current();
    const begun = this.#begun[stream];
    this.#begun[stream] = undefined;
    if (!begun || begun.owner?.inputId === current?.inputId) {
      this.#add(descriptors[stream], text, current);
      return;
    }
    const end = text.indexOf("\n") + 1 || text.length;
    this.#add(descriptors[stream], text.slice(0, end), begun.owner);
    this.#add(descriptors[stream], text.slice(end), current);
  }

  #add(fileDescriptor: FileDescriptor, data: string, owner: LineOwner | undefined): void {
    if (data === "") return;
    const { inputId = "", functionCallId = "" } = owner ?? {};
    const last = this.#pending.at(-1);
    if (
      last?.fileDescriptor === fileDescriptor &&
      last.inputId === inputId &&
      last.data.length + data.length <= itemLength
    ) {
      last.data += data;
    } else {
      this.#pending.push(
        create(TaskLogsSchema, {
          data,
          fileDescriptor,
          inputId,
          functionCallId,
          timestamp: this.#options.nowMs() / 1000,
        }),
      );
    }
    this.#timer ??= setTimeout(() => this.flush(), this.#options.flushMs);
  }
}
