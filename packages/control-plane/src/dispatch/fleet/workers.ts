import { must } from "@dorian/base/must";
import { AppError } from "@dorian/base/app-error";
import { untilAborted } from "@dorian/base/or-aborted";
import { AsyncQueue } from "@dorian/base/async-queue";
import { Notifier } from "@dorian/base/notifier";
import { SilenceWatch } from "@dorian/base/silence-watch";
import { sleep } from "@dorian/base/sleep";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import { diskRoomOf, type DiskRoom } from "@dorian/protocol/convention/disk-room";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import {
  WorkerStanding as WireStanding,
  type WorkerHello,
  type WorkerMessage,
  type WorkerService,
} from "@dorian/protocol/worker";
import { describeRoom } from "@dorian/storage/room-watch";
import type { Logger } from "pino";
import type { Resources, WorkerOffer } from "../placement/placement.ts";
import { receiveHello } from "./receive-hello.ts";
import type { WorkerEvents } from "./worker-listener.ts";
import { standingOf, type WorkerStanding } from "./worker-standing.ts";
import {
  joinedWorker,
  offerOf,
  rememberedWorker,
  type ServerOrder,
  type Worker,
  type WorkerLink,
} from "./worker.ts";

export interface WorkersOptions {
  /** Workers of another data directory could not find the layers. Undefined accepts any. */
  dataDirectoryId: string | undefined;
  logger: Logger;
  /** Silence after which a worker counts as lost. Default: 15 s. */
  lostAfterMs?: number;
}

/** Workers that are connected, or may come back, and what of them is in use. */
export class Workers implements Disposable {
  #options: WorkersOptions;
  #listener: WorkerEvents | undefined;
  #workers = new Map<string, Worker>();
  #changed = new Notifier();
  #silence: SilenceWatch<Worker>;
  #sweeper: NodeJS.Timeout;
  #closed = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
    const limitMs = options.lostAfterMs ?? 15_000;
    const everyMs = Math.min(1_000, limitMs / 3);
    this.#silence = new SilenceWatch({ limitMs, everyMs });
    this.#sweeper = setInterval(() => {
      for (const worker of this.#silence.sweep()) this.#fellSilent(worker);
    }, everyMs);
    this.#sweeper.unref();
  }

  /** Tells this listener what workers say. Before that no worker may join. */
  listen(events: WorkerEvents): void {
    this.#listener = events;
  }

  get #events(): WorkerEvents {
    return must(this.#listener, "a listener to workers");
  }

  readonly handlers: Pick<ServiceHandlers<typeof WorkerService>, "join"> = {
    join: (requests, context) => this.#join(requests, context),
  };

  /** What connected workers that take new work offer, by name. */
  offers(): WorkerOffer[] {
    return this.connected().filter(
      ({ standing, workerId }) => standing === "serving" && !this.#workers.get(workerId)?.isSilent,
    );
  }

  /** What all connected workers offer, whether they take new work or not. */
  connected(): (WorkerOffer & { standing: WorkerStanding; disk: DiskRoom | undefined })[] {
    return [...this.#workers.values()].flatMap((worker) =>
      worker.link && worker.total
        ? [{ ...offerOf(worker, worker.total), standing: worker.standing, disk: worker.disk }]
        : [],
    );
  }

  standingOf(workerId: string): WorkerStanding | undefined {
    return this.#workers.get(workerId)?.standing;
  }

  /** Sets a worker's standing on an operator's word. The worker remembers it, over a restart of the server too. @throws AppError WORKER_LEAVING */
  setStanding(workerId: string, standing: "serving" | "draining"): void {
    const worker = this.#workers.get(workerId);
    if (!worker || worker.standing === standing) return;
    if (worker.standing === "leaving") {
      if (standing === "draining") return;
      throw new AppError("WORKER_LEAVING", `Worker ${worker.name} is about to end.`, {
        remedy: "Start it again: what it had goes to other workers, or back to it then.",
      });
    }
    worker.standing = standing;
    this.#sendStanding(worker);
    this.#options.logger.info({ workerId, name: worker.name }, `worker is ${standing}`);
    if (standing === "draining") this.#events.drains(workerId, worker.name);
    else {
      this.#changed.notify();
      this.#events.resumed(workerId);
    }
  }

  /** What it would bring containers back with; empty for nothing. */
  snapshotEngineOf(workerId: string): string {
    return this.#workers.get(workerId)?.snapshotEngine ?? "";
  }

  nameOf(workerId: string): string {
    return this.#workers.get(workerId)?.name ?? "";
  }

  /** One that was there may come back. */
  get isOneAway(): boolean {
    return [...this.#workers.values()].some((worker) => !worker.link);
  }

  isConnected(workerId: string): boolean {
    return this.#workers.get(workerId)?.link !== undefined;
  }

  /** How many tasks and builds it has. */
  loadOf(workerId: string): number {
    return this.#workers.get(workerId)?.reservations.size ?? 0;
  }

  /** A worker from before a restart, whose tasks are counted on until it has been silent for too long. */
  expect(workerId: string, name: string): void {
    if (this.#workers.has(workerId)) return;
    const worker = rememberedWorker(workerId, name);
    this.#workers.set(workerId, worker);
    this.#silence.heard(worker);
  }

  reserve(workerId: string, holder: string, uses: Resources): void {
    this.#workers.get(workerId)?.reservations.set(holder, uses);
  }

  release(workerId: string, holder: string): void {
    this.#workers.get(workerId)?.reservations.delete(holder);
    this.#changed.notify();
  }

  /** Resolves when a worker has joined or something on one was given back. */
  async whenChanged(options: { signal: AbortSignal }): Promise<void> {
    await this.#changed.wait(options);
  }

  /** False when the worker is not connected. */
  send(workerId: string, order: ServerOrder): boolean {
    const link = this.#workers.get(workerId)?.link;
    link?.push({ message: order });
    return link !== undefined;
  }

  /** Sends an order to all workers that are connected. */
  sendAll(order: ServerOrder): void {
    for (const workerId of this.#workers.keys()) this.send(workerId, order);
  }

  /** Resolves when a worker is connected. */
  async waitForOne(options: { signal: AbortSignal }): Promise<void> {
    while (this.offers().length === 0) await this.#changed.wait(options);
  }

  /** Ends the connections; workers dial again when the server is back. */
  [Symbol.dispose](): void {
    this.#closed = true;
    clearInterval(this.#sweeper);
    for (const worker of this.#workers.values()) worker.link?.end();
  }

  async *#join(
    requests: AsyncIterable<WorkerMessage>,
    context: CallContext,
  ): AsyncGenerator<{ message: ServerOrder }> {
    const { hello, rest } = await receiveHello(requests, {
      identity: context.identity,
      dataDirectoryId: this.#options.dataDirectoryId,
    });
    const link = new AsyncQueue<{ message: ServerOrder }>();
    const worker = this.#connect(hello, link);
    const gone = () => link.end();
    onAbort(context.signal, gone);
    if (context.signal.aborted || this.#closed) gone();
    const reading = this.#read(worker, link, rest, context.signal);
    try {
      yield* link;
    } finally {
      gone();
      offAbort(context.signal, gone);
      if (worker.link === link) worker.link = undefined;
      await reading;
    }
  }

  #connect(hello: WorkerHello, link: WorkerLink): Worker {
    const { logger } = this.#options;
    const events = this.#events;
    this.#dropPredecessors(hello);
    const known = this.#workers.get(hello.workerId);
    known?.link?.end();
    const worker = joinedWorker(hello, link, known);
    this.#workers.set(hello.workerId, worker);
    if (known) this.#silence.forget(known);
    this.#silence.heard(worker);
    logger.info({ workerId: worker.workerId, name: worker.name }, "worker joined");
    link.push({ message: { case: "welcome", value: events.joined(hello.workerId) } });
    // What an operator wants of it may have been lost with its connection.
    if (worker.standing !== standingOf(hello.standing)) this.#sendStanding(worker);
    if (worker.standing !== "serving") events.drains(worker.workerId, worker.name);
    events.welcomed(hello.workerId, hello);
    this.#changed.notify();
    return worker;
  }

  // A worker clears its machine when it starts: what its predecessor of the same name ran is gone.
  #dropPredecessors(hello: WorkerHello): void {
    for (const other of this.#workers.values())
      if (other.name === hello.name && other.workerId !== hello.workerId && !other.link) this.#drop(other);
  }

  async #read(
    worker: Worker,
    link: WorkerLink,
    iterator: AsyncIterator<WorkerMessage>,
    signal: AbortSignal,
  ): Promise<void> {
    const { logger } = this.#options;
    const events = this.#events;
    try {
      for (;;) {
        const next = await untilAborted(iterator.next(), signal);
        if (next === undefined) return;
        if (next.done) break;
        // Another connection of the same worker has taken over.
        if (worker.link !== link) return;
        this.#heard(worker);
        const { message } = next.value;
        if (message.case === "disk") this.#noteDisk(worker, message.value);
        if (message.case === "leaving") this.#leaves(worker);
        else if (message.case !== undefined) events.reported(worker.workerId, message);
      }
      // A broken connection ends its messages too; it also aborts, if a moment later.
      const broken = await sleep(100, { signal }).then(
        () => false,
        () => true,
      );
      if (!broken && worker.link === link && !this.#closed) this.#drop(worker);
    } catch (error) {
      logger.warn({ err: error, workerId: worker.workerId }, "connection to a worker broke");
    } finally {
      link.end();
    }
  }

  #sendStanding({ workerId, standing }: Worker): void {
    const value = standing === "serving" ? WireStanding.SERVING : WireStanding.DRAINING;
    this.send(workerId, { case: "setStanding", value });
  }

  #leaves(worker: Worker): void {
    const { logger } = this.#options;
    const events = this.#events;
    logger.info(
      { workerId: worker.workerId, name: worker.name },
      "worker is about to end: it gets nothing new",
    );
    worker.standing = "leaving";
    events.drains(worker.workerId, worker.name);
  }

  #noteDisk(worker: Worker, disk: DiskRoom): void {
    const before = worker.disk?.lack ?? "";
    worker.disk = disk;
    if ((before === "") === (disk.lack === "")) return;
    const { logger } = this.#options;
    const room = diskRoomOf(disk);
    if (room.lack)
      logger.warn({ name: worker.name }, `worker has no room on its disk: ${describeRoom(room)}`);
    else logger.info({ name: worker.name }, "worker has room on its disk again");
    this.#changed.notify();
  }

  #heard(worker: Worker): void {
    this.#silence.heard(worker);
    if (!worker.isSilent) return;
    worker.isSilent = false;
    this.#options.logger.info({ workerId: worker.workerId, name: worker.name }, "worker goes on");
    this.#changed.notify();
    this.#events.resumed(worker.workerId);
  }

  /**
   * A connection that stands means a process that is there, if it stands still. To give it up helps nobody while no other can do
   * its work; what it has finished would be done again.
   */
  #fellSilent(worker: Worker): void {
    const isNeeded =
      worker.link !== undefined && this.offers().every(({ workerId }) => workerId === worker.workerId);
    if (!isNeeded) this.#drop(worker);
    else if (!worker.isSilent) {
      worker.isSilent = true;
      const { workerId, name } = worker;
      this.#options.logger.warn({ workerId, name }, "worker stands still: nobody else could do its work");
    }
  }

  #drop(worker: Worker): void {
    this.#silence.forget(worker);
    if (this.#workers.get(worker.workerId) !== worker) return;
    this.#workers.delete(worker.workerId);
    worker.link?.end();
    const { workerId, name } = worker;
    const { logger } = this.#options;
    if (worker.standing === "leaving") logger.info({ workerId, name }, "worker left");
    else logger.warn({ workerId, name }, "worker lost");
    this.#events.lost(worker.workerId, worker.name);
  }
}
