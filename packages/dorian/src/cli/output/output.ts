import picocolors from "picocolors";
import { LiveRegion } from "./live-region.ts";
import { visibleLines } from "./visible-text.ts";

export type Colors = ReturnType<typeof picocolors.createColors>;

/** The part of a terminal or pipe that is written to. */
export interface TextStream {
  write(chunk: string | Uint8Array): boolean;
  isTTY?: boolean;
  columns?: number;
}

/**
 * Everything a command shows. Results and the output of user code go to stdout; what Dorian itself has to say goes
 * to stderr, so that a pipe or a file gets data only. Control codes are written to terminals alone.
 */
export class Output implements AsyncDisposable {
  /** For text on stdout. */
  readonly colors: Colors;
  /** For text on stderr. */
  readonly noteColors: Colors;
  /** Only results, warnings and errors are shown. */
  isQuiet = false;
  readonly #redraws: boolean;
  readonly #stdout: TextStream;
  readonly #stderr: TextStream;
  #live: LiveRegion | undefined;

  constructor(options: { stdout: TextStream; stderr: TextStream; env: Record<string, string | undefined> }) {
    const { stdout, stderr, env } = options;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.colors = picocolors.createColors(wantsColor(stdout, env));
    this.noteColors = picocolors.createColors(wantsColor(stderr, env));
    this.#redraws = stderr.isTTY === true && env.TERM !== "dumb";
  }

  /** True when lines of stderr can be drawn anew, and are to be. */
  get isAnimated(): boolean {
    return this.#redraws && !this.isQuiet;
  }

  get columns(): number {
    return this.#stdout.columns ?? 100;
  }

  /** How wide stderr is. */
  get noteColumns(): number {
    return this.#stderr.columns || 80;
  }

  get stdoutIsTerminal(): boolean {
    return this.#stdout.isTTY === true;
  }

  /** A line of result. */
  print(text: string): void {
    this.#above(this.#stdout, `${visibleLines(text, { colored: this.colors.isColorSupported })}\n`);
  }

  /** A line of Dorian's own. */
  note(text: string): void {
    this.#above(this.#stderr, `${visibleLines(text, { colored: this.noteColors.isColorSupported })}\n`);
  }

  /** A line about how far something is. */
  progress(text: string): void {
    if (!this.isQuiet) this.note(text);
  }

  /** Output of user code, byte for byte. */
  pass(stream: "stdout" | "stderr", chunk: string | Uint8Array): void {
    this.#above(stream === "stdout" ? this.#stdout : this.#stderr, chunk);
  }

  /** Bytes on stdout with back-pressure: resolves when the stream wants more. */
  async writeBytes(chunk: Uint8Array): Promise<void> {
    const stream = this.#stdout as Partial<NodeJS.WriteStream> & TextStream;
    if (!stream.write(chunk) && stream.once) {
      await new Promise<void>((resolve) => stream.once?.("drain", () => resolve()));
    }
  }

  /** Opens the region at the bottom of the terminal that is drawn anew; undefined when there is no terminal. */
  async openLive(): Promise<LiveRegion | undefined> {
    if (!this.isAnimated) return undefined;
    this.#live ??= await LiveRegion.open(this.#stderr as NodeJS.WriteStream);
    return this.#live;
  }

  #above(stream: TextStream, chunk: string | Uint8Array): void {
    if (this.#live) this.#live.above(() => stream.write(chunk), endsLine(chunk));
    else stream.write(chunk);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#live?.[Symbol.dispose]();
    this.#live = undefined;
  }
}

function wantsColor(stream: TextStream, env: Record<string, string | undefined>): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== "0") return true;
  return stream.isTTY === true && env.TERM !== "dumb";
}

function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === "string" ? chunk.endsWith("\n") : chunk.at(-1) === 10;
}
