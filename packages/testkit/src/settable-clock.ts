import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Has a process believe in a clock that a file sets, as NTP or an operator may set it. */
const clockSource = `
import { readFileSync } from "node:fs";
const real = Date.now.bind(Date);
let offset = 0;
const read = () => {
  try { offset = Number(readFileSync(process.env.TEST_CLOCK_OFFSET, "utf8")); } catch {}
};
read();
Date.now = () => real() + offset;
setInterval(read, 20).unref();
`;

/** A wall clock for processes under test, which can be set without touching the machine's. */
export interface SettableClock extends AsyncDisposable {
  /** For the environment of those that are to believe in it. */
  environment: Record<string, string>;
  /** Sets it to so much before or after the machine's. */
  set(offsetMs: number): Promise<void>;
}

export async function settableClock(): Promise<SettableClock> {
  const directory = await temporaryDirectory({ "clock.mjs": clockSource, offset: "0" });
  const offset = join(directory.path, "offset");
  return {
    environment: {
      NODE_OPTIONS: `--import=${join(directory.path, "clock.mjs")}`,
      TEST_CLOCK_OFFSET: offset,
    },
    set: (offsetMs) => writeFile(offset, String(offsetMs)),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
