import type { RoomWatch } from "@dorian/storage/room-watch";

/**
 * Calls of the contract after which the disk holds more for good, as far as they are remembered under their keys. All
 * others go on without room: reading, ending, removing, and what accepted work comes to.
 */
const growing: ReadonlySet<string> = new Set([
  "AppCreate",
  "ClassCreate",
  "DictUpdate",
  "FunctionCreate",
  "FunctionPrecreate",
  "MountGetOrCreate",
  "QueuePut",
  "SandboxCreate",
  "SandboxCreateV2",
  "VolumeCopyFiles",
  "VolumeCopyFiles2",
  "VolumePutFiles",
  "VolumePutFiles2",
]);

/**
 * Refuses such a call by its name while the disk is short. To be asked when the call is about to be done: one that was
 * done gets its answer again, whatever the disk.
 *
 * @throws AppError STORAGE_FULL
 */
export function refuseGrowth(room: RoomWatch): (method: string) => void {
  return (method) => {
    if (growing.has(method)) room.require();
  };
}
