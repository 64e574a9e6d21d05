import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Has the next flush of a process's database fail as a dying disk does, once a file says so. */
const faultSource = `
import { open } from "node:fs/promises";
import { unlinkSync } from "node:fs";
const file = await open("/dev/null");
const handles = Object.getPrototypeOf(file);
await file.close();
const { datasync } = handles;
handles.datasync = async function () {
  try {
    unlinkSync(process.env.TEST_FLUSH_FAILS);
  } catch {
    return await datasync.call(this);
  }
  throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" });
};
`;

/** A disk that fails a flush when it is told to. */
export interface FailingFlush extends AsyncDisposable {
  /** For the environment of the process whose disk it is. */
  environment: Record<string, string>;
  /** Lets the next flush fail; resolves when it has. */
  failOnce(): Promise<void>;
}

export async function failingFlush(): Promise<FailingFlush> {
  const directory = await temporaryDirectory({ "fault.mjs": faultSource });
  const order = join(directory.path, "fail");
  return {
    environment: {
      NODE_OPTIONS: `--import=${join(directory.path, "fault.mjs")}`,
      TEST_FLUSH_FAILS: order,
    },
    async failOnce() {
      await writeFile(order, "");
      await eventually(
        async () => existsSync(order),
        (isThere) => !isThere,
      );
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
