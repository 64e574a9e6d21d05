// A dispatch with a real database.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { newId } from "@dorian/base/ids";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import { AutoscalerSettingsSchema, FunctionSchema$, ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import type { ServiceClient } from "@dorian/protocol/service";
import { ImageConfigSchema } from "@dorian/protocol/worker";
import { pino } from "pino";
import { mergedParts } from "./merged-parts.ts";
import { openDatabase, type Database } from "../src/database/database.ts";
import { Journal } from "../src/database/journal.ts";
import { openDispatch, type Dispatch, type DispatchOptions } from "../src/dispatch/open-dispatch.ts";
import type { AppDirectory, FunctionCatalog, FunctionSpec } from "../src/dispatch/ports.ts";

export type ModalCaller = ServiceClient<typeof ModalClient>;
type Definition = MessageInitShape<typeof FunctionSchema$>;

/** Functions by hand, in place of the catalog. */
export class HandCatalog implements FunctionCatalog, AppDirectory {
  readonly specs = new Map<string, FunctionSpec>();
  readonly stopped = new Set<string>();
  /** Thrown when a container of the function is planned. */
  readonly unplannable = new Map<string, Error>();
  /** Functions whose containers are brought back from snapshots of their memory. */
  readonly snapped = new Set<string>();
  #listeners = new Set<(functionIds: string[]) => void>();

  add(definition: Definition = {}, rest: Partial<FunctionSpec> = {}): string {
    const functionId = rest.functionId ?? newId("fu");
    this.specs.set(functionId, {
      functionId,
      appId: "ap-0000000000000000000001",
      tag: "train",
      definition: create(FunctionSchema$, definition),
      revision: 1,
      isBuilder: false,
      active: true,
      keepsUncalled: true,
      ...rest,
    });
    this.changed([functionId]);
    return functionId;
  }

  update(functionId: string, change: Partial<FunctionSpec>): void {
    const spec = this.specs.get(functionId);
    if (spec) this.specs.set(functionId, { ...spec, ...change });
    this.changed([functionId]);
  }

  changed(functionIds: string[]): void {
    for (const listener of this.#listeners) listener(functionIds);
  }

  spec(functionId: string): FunctionSpec | undefined {
    return this.specs.get(functionId);
  }

  activeSpecs(): Iterable<FunctionSpec> {
    return [...this.specs.values()].filter((spec) => spec.active);
  }

  async containerPlan(functionId: string) {
    const error = this.unplannable.get(functionId);
    if (error) throw error;
    return {
      arguments: { functionId } as never,
      layerIds: [],
      imageId: "im-1",
      config: create(ImageConfigSchema),
      secretEnv: {},
      volumes: [],
      buckets: [],
      snapshots: this.snapped.has(functionId) ? ("wanted" as const) : ("unwanted" as const),
    };
  }

  onChange(listener: (functionIds: string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  lookupApp(appId: string) {
    return { description: "quickstart", environment: "main", stopped: this.stopped.has(appId) };
  }

  familyOf(functionId: string): string[] {
    return [functionId];
  }
}

/** A control plane's dispatch on a database file. */
export class ScriptedServer implements AsyncDisposable {
  readonly dispatch: Dispatch;
  readonly db: Database;
  readonly modal: ModalCaller;
  readonly operator: ServiceClient<typeof OperatorService>;
  #close: (how: { flush: boolean }) => Promise<void>;
  #closed = false;

  private constructor(dispatch: Dispatch, db: Database, close: (how: { flush: boolean }) => Promise<void>) {
    this.dispatch = dispatch;
    this.db = db;
    this.#close = close;
    this.modal = createLocalClient(ModalClient, mergedParts(dispatch.modal), {
      kind: "client",
      tokenId: "tk-1",
    });
    this.operator = createLocalClient(OperatorService, mergedParts(dispatch.operator), {
      kind: "client",
      tokenId: "tk-1",
    });
  }

  static async open(
    path: string,
    catalog: HandCatalog,
    options: Partial<DispatchOptions> = {},
  ): Promise<ScriptedServer> {
    const db = await openDatabase(path);
    const journal = new Journal(db);
    const dispatch = await openDispatch({
      db,
      journal,
      catalog,
      apps: catalog,
      scheduling: {
        updateScheduling: async (functionId, settings) => {
          const spec = catalog.spec(functionId);
          const merged = create(AutoscalerSettingsSchema, {
            ...spec?.definition.autoscalerSettings,
            ...settings,
          });
          if (spec) spec.definition.autoscalerSettings = merged;
          catalog.changed([functionId]);
          return merged;
        },
      },
      readBlob: async (blobId) => new TextEncoder().encode(blobId),
      secretEnv: () => ({}),
      httpPort: 0,
      dataDirectory: "/tmp",
      dataDirectoryId: "dd-1",
      version: "0.1.0",
      logger: pino({ level: process.env["DORIAN_TEST_LOG"] ?? "silent" }),
      nowMs: Date.now,
      elapsedMs: () => performance.now(),
      graceSecs: 1,
      ...options,
    });
    return new ScriptedServer(dispatch, db, async ({ flush }) => {
      await dispatch[Symbol.asyncDispose]();
      if (flush) await journal[Symbol.asyncDispose]();
      await db.destroy();
    });
  }

  /** As if the process were killed: what the disk does not have yet is gone. */
  async crash(): Promise<void> {
    this.#closed = true;
    await this.#close({ flush: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) await this.#close({ flush: true });
    this.#closed = true;
  }
}
