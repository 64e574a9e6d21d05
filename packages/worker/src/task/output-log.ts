import { create } from "@bufbuild/protobuf";
import { FileDescriptor, TaskLogsSchema, type TaskLogs } from "@dorian/protocol/modal";
import { StringDecoder } from "node:string_decoder";
import { LogAllowance } from "./log-allowance.ts";

export interface OutputLogOptions {
  /** Receives what was written since the last time, in order. */
  send: (items: TaskLogs[]) => void;
  /** Input and call that are running, when it is clear which. */
  current: () => { inputId: string; functionCallId: string } | undefined;
  /** Longest time in milliseconds that a line waits for others to travel with. */
  flushMs: number;
}

/** Longest time in milliseconds until the log says that something was dropped, where nothing follows it. */
const droppedNoteMs = 5_000;

/** Turns a container's output into log items, batched: chatty code must not cost one message per write. */
export class OutputLog implements Disposable {
  #options: OutputLogOptions;
  #decoders = { stdout: new StringDecoder(), stderr: new StringDecoder() };
  #pending: TaskLogs[] = [];
  #timer: NodeJS.Timeout | undefined;
  #allowance = new LogAllowance();
  #dropTimer: NodeJS.Timeout | undefined;

  constructor(options: OutputLogOptions) {
    this.#options = options;
  }

  write(stream: "stdout" | "stderr", chunk: Buffer): void {
    if (!this.#allowance.takes(chunk.length)) {
      this.#dropTimer ??= setTimeout(() => this.#tellDropped(), droppedNoteMs);
      return;
    }
    this.#tellDropped();
    this.#add(
      stream === "stdout" ? FileDescriptor.STDOUT : FileDescriptor.STDERR,
      this.#decoders[stream].write(chunk),
    );
  }

  /** A line of the platform's own, among the user's. */
  note(text: string): void {
    this.#add(FileDescriptor.INFO, `${text}\n`);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const items = this.#pending;
    this.#pending = [];
    if (items.length > 0) this.#options.send(items);
  }

  [Symbol.dispose](): void {
    this.#tellDropped();
    this.flush();
  }

  #tellDropped(): void {
    clearTimeout(this.#dropTimer);
    this.#dropTimer = undefined;
    const dropped = this.#allowance.told();
    if (dropped !== undefined) this.note(dropped);
  }

  #add(fileDescriptor: FileDescriptor, data: string): void {
    if (data === "") return;
    const { inputId = "", functionCallId = "" } = this.#options.current() ?? {};
    const last = this.#pending.at(-1);
    if (last?.fileDescriptor === fileDescriptor && last.inputId === inputId && last.data.length < 64 * 1024) {
      last.data += data;
    } else {
      this.#pending.push(
        create(TaskLogsSchema, {
          data,
          fileDescriptor,
          inputId,
          functionCallId,
          timestamp: Date.now() / 1000,
        }),
      );
    }
    this.#timer ??= setTimeout(() => this.flush(), this.#options.flushMs);
  }
}
