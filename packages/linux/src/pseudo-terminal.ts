import { closeSync, constants, openSync } from "node:fs";
import { ReadStream } from "node:tty";
import { errnoOf } from "@dorian/base/app-error";
import koffi from "koffi";
import { check } from "./libc.ts";

const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const TIOCSWINSZ = 0x5414;

const ioctl = koffi.load("libc.so.6").func("int ioctl(int, ulong, _Inout_ uint8_t *)");

export interface TerminalSize {
  rows: number;
  columns: number;
}

/** A pseudo terminal: give `device` to a child as its stdio, then call `closeDevice`; read and write `stream`. */
export class PseudoTerminal implements Disposable {
  readonly stream: ReadStream;
  readonly device: number;
  #controller: number;
  #deviceOpen = true;

  private constructor(controller: number, device: number) {
    this.#controller = controller;
    this.device = device;
    this.stream = new ReadStream(controller);
    // The kernel reports the end of a terminal, when its last user is gone, as EIO.
    this.stream.on("error", (error) => {
      if (errnoOf(error) !== "EIO") this.stream.emit("failure", error);
    });
  }

  static open(size: TerminalSize): PseudoTerminal {
    const controller = openSync("/dev/ptmx", constants.O_RDWR | constants.O_NOCTTY);
    try {
      check(ioctl(controller, TIOCSPTLCK, Buffer.alloc(4)), "unlock a pseudo terminal");
      const number = Buffer.alloc(4);
      check(ioctl(controller, TIOCGPTN, number), "number of a pseudo terminal");
      const path = `/dev/pts/${number.readUInt32LE()}`;
      const terminal = new PseudoTerminal(controller, openSync(path, constants.O_RDWR | constants.O_NOCTTY));
      terminal.resize(size);
      return terminal;
    } catch (error) {
      closeSync(controller);
      throw error;
    }
  }

  /** The program behind the terminal also needs a SIGWINCH unless this is its controlling terminal. */
  resize(size: TerminalSize): void {
    const value = Buffer.alloc(8);
    value.writeUInt16LE(size.rows, 0);
    value.writeUInt16LE(size.columns, 2);
    check(ioctl(this.#controller, TIOCSWINSZ, value), "resize a pseudo terminal");
  }

  /** Must follow the spawn: while this process holds the device too, the stream never ends. */
  closeDevice(): void {
    if (this.#deviceOpen) closeSync(this.device);
    this.#deviceOpen = false;
  }

  [Symbol.dispose](): void {
    this.closeDevice();
    this.stream.destroy();
  }
}
