import type { AsyncQueue } from "@dorian/base/async-queue";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { diskRoomOf, type DiskRoom } from "@dorian/protocol/convention/disk-room";
import type { ServerMessageSchema, WorkerHello } from "@dorian/protocol/worker";
import { describeRoom } from "@dorian/storage/room-watch";
import type { Resources, WorkerOffer } from "../placement/placement.ts";
import { standingOf, type WorkerStanding } from "./worker-standing.ts";

export type ServerOrder = NonNullable<MessageInitShape<typeof ServerMessageSchema>["message"]>;
export type WorkerLink = AsyncQueue<{ message: ServerOrder }>;

/** A worker that is connected, or may come back. */
export interface Worker {
  workerId: string;
  name: string;
  /** Undefined for one that is only remembered, from before a restart of the server. */
  total: Resources | undefined;
  simulatedGpus: boolean;
  runtimes: readonly string[];
  /** What snapshots of memory depend on; empty where there is nothing to take them with. */
  snapshotEngine: string;
  standing: WorkerStanding;
  /** What it last said of its disk. */
  disk: DiskRoom | undefined;
  link: WorkerLink | undefined;
  /** Its connection stands, and it has said nothing for long: it stands still, and is sent nothing new. */
  isSilent: boolean;
  reservations: Map<string, Resources>;
}

/** A worker that was there before a restart of the server. */
export function rememberedWorker(workerId: string, name: string): Worker {
  return {
    workerId,
    name,
    total: undefined,
    simulatedGpus: false,
    runtimes: [],
    snapshotEngine: "",
    standing: "serving",
    disk: undefined,
    link: undefined,
    isSilent: false,
    reservations: new Map(),
  };
}

/** A worker that has just joined; `known`: what it was before, if anything. */
export function joinedWorker(hello: WorkerHello, link: WorkerLink, known: Worker | undefined): Worker {
  const { capacity } = hello;
  return {
    workerId: hello.workerId,
    name: hello.name,
    total: {
      milliCpu: capacity?.milliCpu ?? 0,
      memoryMb: Number(capacity?.memoryMb ?? 0),
      gpus: capacity?.gpus.map(({ type, device }) => ({ type, device })) ?? [],
    },
    simulatedGpus: capacity?.simulatedGpus ?? false,
    runtimes: capacity?.runtimes ?? [],
    snapshotEngine: capacity?.snapshotEngine ?? "",
    standing: standingNow(hello, known),
    disk: known?.disk,
    link,
    isSilent: false,
    reservations: known?.reservations ?? new Map(),
  };
}

/** Chooses a worker's standing. That it leaves it knows best itself; otherwise it has its standing from the server that it has been with, or from an earlier one. */
function standingNow(hello: WorkerHello, known: Worker | undefined): WorkerStanding {
  const said = standingOf(hello.standing);
  return said === "leaving" || known?.total === undefined ? said : known.standing;
}

/** Whatever ends there makes no room: a container begins with files. */
const nothingFits: Resources = {
  milliCpu: Number.NEGATIVE_INFINITY,
  memoryMb: Number.NEGATIVE_INFINITY,
  gpus: [],
};

/** What it offers. */
export function offerOf(worker: Worker, total: Resources): WorkerOffer {
  const used = [...worker.reservations.values()];
  const disk = worker.disk && diskRoomOf(worker.disk);
  const taken = new Set(used.flatMap((each) => each.gpus.map((gpu) => gpu.device)));
  return {
    workerId: worker.workerId,
    name: worker.name,
    total,
    free: disk?.lack
      ? nothingFits
      : {
          milliCpu: used.reduce((free, each) => free - each.milliCpu, total.milliCpu),
          memoryMb: used.reduce((free, each) => free - each.memoryMb, total.memoryMb),
          gpus: total.gpus.filter((gpu) => !taken.has(gpu.device)),
        },
    noRoom: disk?.lack && describeRoom(disk),
    simulatedGpus: worker.simulatedGpus,
    runtimes: worker.runtimes,
  };
}
