import type { AppTable } from "../app/app-table.ts";
import type { BlobTable } from "../blob/blob-table.ts";
import type { CallInputTable, DataChunkTable, FunctionCallTable } from "../call/call-tables.ts";
import type { ClassTable } from "../class/class-table.ts";
import type { EnvironmentTable } from "../environment/environment-table.ts";
import type { FunctionTable } from "../function/function-table.ts";
import type { ImageLogTable, ImageTable } from "../image/image-table.ts";
import type { TaskLogTable } from "../log/log-table.ts";
import type { MountTable } from "../mount/mount-table.ts";
import type { SecretTable } from "../secret/secret-table.ts";
import type { TaskTable } from "../task/task-table.ts";
import type { VolumeTable, VolumeVersionTable } from "../volume/volume-table.ts";
import type { IdempotencyTable } from "./idempotency-table.ts";

/** Every table, by name. Times are integer milliseconds, booleans 0 or 1, messages their bytes, lists JSON text. */
export interface Tables {
  app: AppTable;
  blob: BlobTable;
  call_input: CallInputTable;
  class: ClassTable;
  data_chunk: DataChunkTable;
  environment: EnvironmentTable;
  function: FunctionTable;
  function_call: FunctionCallTable;
  idempotency: IdempotencyTable;
  image: ImageTable;
  image_log: ImageLogTable;
  mount: MountTable;
  secret: SecretTable;
  task: TaskTable;
  task_log: TaskLogTable;
  volume: VolumeTable;
  volume_version: VolumeVersionTable;
}
