// What tests of dispatch begin with: a directory and functions that servers, one after the other, know of.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "@dorian/base/sleep";
import { afterEach, beforeEach } from "vitest";
import type { DispatchOptions } from "../src/dispatch/open-dispatch.ts";
import type { Script } from "./scripted-container.ts";
import { HandCatalog, ScriptedServer } from "./scripted-server.ts";

export interface DispatchFixture {
  readonly catalog: HandCatalog;
  readonly directory: string;
  /** Each on the same database: what one has left, the next finds. */
  openServer(options?: Partial<DispatchOptions>): Promise<ScriptedServer>;
}

/** To be called once at the top of a test file: every test gets a directory and a catalog of its own. */
export function dispatchFixture(): DispatchFixture {
  let directory: string;
  let catalog: HandCatalog;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "dorian-dispatch-"));
    catalog = new HandCatalog();
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });
  return {
    get catalog() {
      return catalog;
    },
    get directory() {
      return directory;
    },
    openServer: (options = {}) => ScriptedServer.open(join(directory, "state.db"), catalog, options),
  };
}

export const double: Script = { handle: ([n]) => Number(n) * 2 };

export const pause = (ms: number) => sleep(ms, { signal: new AbortController().signal });
