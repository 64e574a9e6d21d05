import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  DataFormat,
  FunctionCallInvocationType,
  FunctionCallType,
  FunctionPutInputsItemSchema,
  ScheduleSchema,
  type Schedule,
} from "@dorian/protocol/modal";
import type { Logger } from "pino";
import { admitToKeep, callable, type AdmissionOptions } from "../call/admission.ts";
import type { Calls } from "../call/calls.ts";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { FunctionSpec } from "../ports.ts";
import { afterClockStep, nextRunMs } from "./next-run.ts";

export interface SchedulesOptions extends AdmissionOptions {
  db: Database;
  journal: Journal;
  calls: Calls;
  logger: Logger;
  nowMs: () => number;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
}

interface Scheduled {
  functionId: string;
  schedule: Schedule;
  anchorMs: number;
  nextMs: number | undefined;
  /** An earlier process may have run it at this time, and not got to write down the next. */
  maybeRunAtMs: number | undefined;
  /** When it was due and found no room on the disk; it is run when there is some, once however often it was due. */
  owedMs?: number | undefined;
}

/** The clock may be set while one waits: it is looked at again after so long. */
const longestWaitMs = 10_000;

/** How soon a run that found no room on the disk is tried again. */
const owedAgainMs = 1_000;

/** A clock that has gained or lost more milliseconds than this between two looks was set. */
const clockStepMs = 1_000;

/**
 * Calls functions when their schedules say so, for as long as their apps are deployed or run. What was missed while the
 * server was down, or the disk full, is made up for by one run.
 */
export class Schedules implements Disposable {
  #options: SchedulesOptions;
  #scheduled = new Map<string, Scheduled>();
  #timer: NodeJS.Timeout | undefined;
  /** How far the clock was from the one that nobody sets, at the last look. */
  #clockOffsetMs = 0;
  #unsubscribe: () => void;

  private constructor(options: SchedulesOptions) {
    this.#options = options;
    this.#unsubscribe = options.catalog.onChange((functionIds) => this.#follow(functionIds));
  }

  /** Takes up what an earlier process left. */
  static async open(options: SchedulesOptions): Promise<Schedules> {
    const schedules = new Schedules(options);
    for (const row of await options.db.selectFrom("schedule").selectAll().execute()) {
      schedules.#scheduled.set(row.function_id, {
        functionId: row.function_id,
        schedule: fromBinary(ScheduleSchema, row.schedule),
        anchorMs: row.anchor_at,
        nextMs: row.next_at ?? undefined,
        maybeRunAtMs: row.next_at ?? undefined,
      });
    }
    const active = [...options.catalog.activeSpecs()].map((spec) => spec.functionId);
    schedules.#follow([...schedules.#scheduled.keys(), ...active]);
    return schedules;
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  #follow(functionIds: readonly string[]): void {
    for (const functionId of functionIds) {
      const spec = this.#options.catalog.spec(functionId);
      const schedule = spec?.active && !spec.isBuilder ? spec.definition.schedule : undefined;
      const known = this.#scheduled.get(functionId);
      if (!schedule?.scheduleOneof.case) {
        if (known) this.#forget(functionId);
      } else if (!known || !isSame(known.schedule, schedule)) {
        const nowMs = this.#options.nowMs();
        const nextMs = nextRunMs(schedule, { anchorMs: nowMs, afterMs: nowMs });
        this.#keep({ functionId, schedule, anchorMs: nowMs, nextMs, maybeRunAtMs: undefined });
      }
    }
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const all = [...this.#scheduled.values()];
    const next = Math.min(...all.map(({ nextMs }) => nextMs ?? Infinity));
    const owesSome = all.some(({ owedMs }) => owedMs !== undefined);
    if (next === Infinity && !owesSome) return;
    const longestMs = owesSome ? owedAgainMs : longestWaitMs;
    const delayMs = Math.min(Math.max(0, next - this.#options.nowMs()), longestMs);
    this.#timer = setTimeout(() => this.#runDue(), delayMs).unref();
  }

  #runDue(): void {
    this.#followClock();
    const nowMs = this.#options.nowMs();
    for (const each of this.#scheduled.values()) {
      const isDue = each.nextMs !== undefined && each.nextMs <= nowMs;
      const dueMs = isDue ? each.nextMs : each.owedMs;
      if (dueMs === undefined) continue;
      each.owedMs = undefined;
      if (isDue) each.nextMs = nextRunMs(each.schedule, { anchorMs: each.anchorMs, afterMs: nowMs });
      // The next time is written down after the call: a crash in between runs it again under the same key, so not twice.
      this.#run(each, dueMs)
        .then(() => this.#settle(each))
        .catch((error: unknown) => {
          const { functionId } = each;
          this.#options.logger.error({ err: error, functionId }, "a scheduled run could not be started");
        });
    }
    this.#wait();
  }

  #settle(each: Scheduled): void {
    if (this.#scheduled.get(each.functionId) !== each) return;
    // One that is owed is found by the next process, too: the next time is not written down yet.
    if (each.owedMs === undefined) this.#keep(each);
    else this.#wait();
  }

  #followClock(): void {
    const nowMs = this.#options.nowMs();
    const offsetMs = nowMs - this.#options.elapsedMs();
    if (Math.abs(offsetMs - this.#clockOffsetMs) < clockStepMs) return;
    this.#clockOffsetMs = offsetMs;
    for (const each of this.#scheduled.values()) {
      if (each.nextMs === undefined) continue;
      const { anchorMs, nextMs } = afterClockStep(
        each.schedule,
        { anchorMs: each.anchorMs, nextMs: each.nextMs },
        nowMs,
      );
      if (nextMs !== each.nextMs)
        this.#keep(Object.assign(each, { anchorMs, nextMs, maybeRunAtMs: undefined }));
    }
  }

  async #run(each: Scheduled, dueMs: number): Promise<void> {
    const { calls, catalog, logger } = this.#options;
    const { functionId } = each;
    const idempotencyKey = `schedule/${functionId}/${dueMs}`;
    if (each.maybeRunAtMs === dueMs && calls.byKey(idempotencyKey)) return;
    try {
      const spec = callable(catalog, functionId);
      const item = create(FunctionPutInputsItemSchema, { input: noArguments(spec) });
      admitToKeep(this.#options, spec, [item]);
      const { durable } = calls.open(
        {
          functionId,
          appId: spec.appId,
          type: FunctionCallType.UNARY,
          invocationType: FunctionCallInvocationType.ASYNC,
          parentInputId: "",
          idempotencyKey,
        },
        [item],
      );
      await durable;
    } catch (error) {
      if (!AppError.is(error)) throw error;
      if (error.code === "STORAGE_FULL") {
        if (each.maybeRunAtMs !== dueMs)
          logger.warn({ functionId, reason: error.message }, "a scheduled run waits for room on the disk");
        // The input may be in a container already: asked for again, it is the same.
        each.maybeRunAtMs = dueMs;
        each.owedMs ??= dueMs;
        return;
      }
      logger.warn({ functionId, reason: error.message }, "a scheduled run was left out");
    }
  }

  #keep(scheduled: Scheduled): void {
    const { functionId, schedule, anchorMs, nextMs } = scheduled;
    this.#scheduled.set(functionId, scheduled);
    const times = { anchor_at: anchorMs, next_at: nextMs ?? null };
    const facts = { schedule: toBinary(ScheduleSchema, schedule), ...times };
    this.#write((db) =>
      db
        .insertInto("schedule")
        .values({ function_id: functionId, ...facts })
        .onConflict((conflict) => conflict.column("function_id").doUpdateSet(facts)),
    );
  }

  #forget(functionId: string): void {
    this.#scheduled.delete(functionId);
    this.#write((db) => db.deleteFrom("schedule").where("function_id", "=", functionId));
  }

  #write(
    statement: (db: Pick<Database, "insertInto" | "deleteFrom">) => { execute(): Promise<unknown> },
  ): void {
    this.#options.journal
      .write((trx) => statement(trx).execute())
      .catch((error: unknown) => this.#options.logger.error({ err: error }, "a schedule could not be saved"));
  }
}

function isSame(one: Schedule, other: Schedule): boolean {
  return Buffer.compare(toBinary(ScheduleSchema, one), toBinary(ScheduleSchema, other)) === 0;
}

/** Containers read an empty payload as no arguments, in a format that the function takes. */
function noArguments({ definition }: FunctionSpec) {
  const formats = definition.supportedInputFormats;
  const dataFormat =
    formats.length === 0 || formats.includes(DataFormat.PICKLE) ? DataFormat.PICKLE : DataFormat.CBOR;
  const methodName = definition.scheduledMethod;
  return { dataFormat, methodName, argsOneof: { case: "args" as const, value: new Uint8Array() } };
}
