import { AppError, messageOf } from "@dorian/base/app-error";
import { copyDatabase } from "@dorian/control-plane/database/database";
import { requireOurs } from "@dorian/control-plane/database/origin";
import type { OperatorService } from "@dorian/protocol/operator";
import type { ServiceClient } from "@dorian/protocol/service";
import { flushDirectory } from "@dorian/storage/flush-tree";
import { copyFile, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DataLock } from "../process/data-lock.ts";
import { stateFile } from "./backup-places.ts";

/** The state of a data directory, while nothing that it names is removed. */
export interface HeldState extends Disposable {
  /** Aborts when it is not held any more. */
  readonly signal: AbortSignal;
  /** Makes `target` a copy of it that is on disk. */
  copyTo(target: string): Promise<void>;
}

/** A connection to the server of the data directory. */
export interface StateServer extends Disposable {
  operator: Pick<ServiceClient<typeof OperatorService>, "stateCopy">;
}

/** Holds the state of a data directory: by its server where one runs, else as a server would. @throws AppError */
export async function holdState(
  dataDirectory: string,
  options: { version: string; connect: () => StateServer; signal: AbortSignal },
): Promise<HeldState> {
  const lock = tryLock(dataDirectory);
  if (!lock) return await heldByServer(options.connect(), options.signal);
  return {
    signal: new AbortController().signal,
    async copyTo(target) {
      const path = join(dataDirectory, stateFile);
      using state = new DatabaseSync(path);
      requireOurs(state, path, options);
      await copyDatabase(state, target);
    },
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}

/** Undefined while a server runs. */
function tryLock(dataDirectory: string): DataLock | undefined {
  try {
    return DataLock.acquire(dataDirectory, "server");
  } catch (error) {
    if (AppError.is(error) && error.code === "DATA_DIRECTORY_IN_USE") return undefined;
    throw error;
  }
}

async function heldByServer(server: StateServer, signal: AbortSignal): Promise<HeldState> {
  const done = new AbortController();
  const lost = new AbortController();
  const both = AbortSignal.any([signal, done.signal]);
  const answers = server.operator.stateCopy({}, { signal: both })[Symbol.asyncIterator]();
  const close = () => {
    done.abort();
    server[Symbol.dispose]();
  };
  try {
    const { value } = await answers.next();
    if (value === undefined) throw new Error("the server ended the answer without a copy");
    const end = (cause?: unknown) => lost.abort(serverGone(cause));
    answers.next().then(() => end(), end);
    return {
      signal: lost.signal,
      async copyTo(target) {
        await copyFile(value.path, target);
        await using file = await open(target, "r+");
        await file.sync();
        await flushDirectory(dirname(target));
      },
      [Symbol.dispose]: close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function serverGone(cause: unknown): AppError {
  return new AppError("BACKUP_BROKEN_OFF", "The server ended while the backup was made.", {
    remedy: "Run it again; what was copied is not copied twice. A backup that was there is as it was.",
    cause: new Error(cause === undefined ? "it let go of its state" : messageOf(cause)),
  });
}
