/** What the operator says about the machine; absent parts are found out from it. */
export interface MachineSettings {
  /** What containers may use together. */
  capacity?: { milliCpu?: number; memoryMb?: number };
  /** What is kept for everything else on the machine. */
  reserve?: { milliCpu?: number; memoryMb?: number };
  /** What one container may use that names no limit. */
  container?: { memoryMb?: number; pids?: number; diskMb?: number };
  /** What one image may hold that is fetched. */
  imageMb?: number;
  /** Weight of all containers together beside the machine's other processes, from 1 to 10000. */
  cpuWeight?: number;
}

export interface Machine {
  milliCpu: number;
  memoryMb: number;
  /** Most processes that it can have. */
  pids: number;
}

/** How a machine is shared between containers and everything else. */
export interface MachineShare {
  /** Offered to tasks and builds, and the limit of all containers together. */
  milliCpu: number;
  memoryMb: number;
  pids: number;
  cpuWeight: number;
  /** Limits of a container that names none. */
  container: { memoryMb: number; pids: number };
  imageMb: number;
}

/** Part of the memory that server, worker, page cache and system keep, and the least and the most that it comes to. */
const reservedPart = 0.1;
const leastReservedMb = 512;
const mostReservedMb = 16 * 1024;
/** Part of a machine that is kept from containers at most: on a small one they still get half. */
const mostReservedPart = 0.5;

/** Part of the containers' memory that one may take which names no limit: the others keep some. */
const partOfOne = 0.75;

/**
 * Processes and threads of one container: some for programs as such, more with every core, as libraries make threads by
 * cores and data loaders processes with all of those threads in each; too few to fill the table.
 */
const leastPidsOfOne = 512;
const pidsOfCore = 256;
const mostPidsOfOne = 4096;
/** Part of the machine's process table that all containers may fill. */
const partOfPids = 0.5;
/** And for each core: thousands that begin and end processes all the time hold up the kernel for everybody. */
const pidsOfCoreTogether = 2048;

/** Twice what the largest images of GPU vendors hold. */
const usualImageMb = 64 * 1024;

/** What a process of the system's ordinary priority weighs in the kernel's newer terms. */
const ordinaryWeight = 100;

/**
 * Shares the machine. Memory is kept back by default because it cannot be taken from who has it; processor time is not,
 * because weights give it to whoever is entitled the moment it is asked for.
 */
export function shareMachine(machine: Machine, settings: MachineSettings): MachineShare {
  const { capacity = {}, reserve = {}, container = {} } = settings;
  const usualReserve = Math.min(
    Math.max(machine.memoryMb * reservedPart, leastReservedMb),
    machine.memoryMb * mostReservedPart,
    mostReservedMb,
  );
  const memoryMb = left(capacity.memoryMb, machine.memoryMb, reserve.memoryMb, usualReserve);
  const cores = machine.milliCpu / 1000;
  const pids = Math.floor(Math.min(machine.pids * partOfPids, Math.max(1, cores) * pidsOfCoreTogether));
  const usualPids = Math.min(leastPidsOfOne + Math.floor(cores * pidsOfCore), mostPidsOfOne);
  return {
    milliCpu: left(capacity.milliCpu, machine.milliCpu, reserve.milliCpu, 0),
    memoryMb,
    pids,
    cpuWeight: settings.cpuWeight ?? ordinaryWeight,
    container: {
      memoryMb: Math.min(container.memoryMb ?? Math.max(1, Math.floor(memoryMb * partOfOne)), memoryMb),
      pids: Math.min(container.pids ?? usualPids, pids),
    },
    imageMb: settings.imageMb ?? usualImageMb,
  };
}

/** What was said stands, less a reserve that was said as well. */
function left(said: number | undefined, there: number, reserved: number | undefined, usual: number): number {
  if (said === undefined) return Math.max(1, Math.floor(there - (reserved ?? usual)));
  return reserved === undefined ? said : Math.max(1, Math.min(said, Math.floor(there - reserved)));
}
