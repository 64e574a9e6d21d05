import type { Resources, WorkerOffer } from "./placement.ts";

export interface Room {
  workerId: string;
  uses: Resources;
}

/** What workers have free once what `uses` room on one of them has ended. */
export function giveBack(offers: readonly WorkerOffer[], room: Room): WorkerOffer[] {
  return change(offers, room.workerId, ({ milliCpu, memoryMb, gpus }) => ({
    milliCpu: milliCpu + room.uses.milliCpu,
    memoryMb: memoryMb + room.uses.memoryMb,
    gpus: [...gpus, ...room.uses.gpus],
  }));
}

/** What workers have free beside what `uses` room on one of them. Less than nothing where that is not free yet. */
export function takeAway(offers: readonly WorkerOffer[], room: Room): WorkerOffer[] {
  const devices = new Set(room.uses.gpus.map((gpu) => gpu.device));
  return change(offers, room.workerId, ({ milliCpu, memoryMb, gpus }) => ({
    milliCpu: milliCpu - room.uses.milliCpu,
    memoryMb: memoryMb - room.uses.memoryMb,
    gpus: gpus.filter((gpu) => !devices.has(gpu.device)),
  }));
}

function change(
  offers: readonly WorkerOffer[],
  workerId: string,
  next: (free: Resources) => Resources,
): WorkerOffer[] {
  return offers.map((offer) => (offer.workerId === workerId ? { ...offer, free: next(offer.free) } : offer));
}
