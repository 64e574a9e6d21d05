import type { AppTable } from "./rows/app-table.ts";
import type { AppVersionTable, FunctionDefinitionTable } from "./rows/app-version-table.ts";
import type { AuditEntryTable } from "./rows/audit-table.ts";
import type { BlobTable } from "./rows/blob-table.ts";
import type {
  CallBytesTable,
  CallInputTable,
  DataChunkTable,
  FunctionCallTable,
} from "./rows/call-tables.ts";
import type { ClassTable } from "./rows/class-table.ts";
import type { DictEntryTable } from "./rows/dict-table.ts";
import type { EnvironmentTable } from "./rows/environment-table.ts";
import type { FunctionTable } from "./rows/function-table.ts";
import type { ImageLogTable, ImageTable, ImageTagTable } from "./rows/image-table.ts";
import type { TaskLogTable, WorkerLogTable } from "./rows/log-table.ts";
import type { MountNameTable } from "./rows/mount-name-table.ts";
import type { MountTable } from "./rows/mount-table.ts";
import type { NamedObjectTable } from "./rows/named-object-table.ts";
import type { QueueItemTable } from "./rows/queue-table.ts";
import type { ScheduleTable } from "./rows/schedule-table.ts";
import type { SecretTable } from "./rows/secret-table.ts";
import type { TaskTable } from "./rows/task-table.ts";
import type { TokenTable } from "./rows/token-table.ts";
import type { VolumeTable, VolumeVersionTable } from "./rows/volume-table.ts";
import type { ProxyTokenTable } from "./rows/proxy-token-table.ts";
import type { WebAddressTable } from "./rows/web-address-table.ts";
import type { IdempotencyTable } from "./rows/idempotency-table.ts";
import type { RecentAnswerTable } from "./rows/recent-answer-table.ts";

/** Every table, by name. Times are integer milliseconds, booleans 0 or 1, messages their bytes, lists JSON text. */
export interface Tables {
  app: AppTable;
  app_version: AppVersionTable;
  audit_entry: AuditEntryTable;
  blob: BlobTable;
  call_bytes: CallBytesTable;
  call_input: CallInputTable;
  class: ClassTable;
  data_chunk: DataChunkTable;
  dict_entry: DictEntryTable;
  environment: EnvironmentTable;
  function: FunctionTable;
  function_call: FunctionCallTable;
  function_definition: FunctionDefinitionTable;
  idempotency: IdempotencyTable;
  image: ImageTable;
  image_log: ImageLogTable;
  image_tag: ImageTagTable;
  mount: MountTable;
  mount_name: MountNameTable;
  named_object: NamedObjectTable;
  proxy_token: ProxyTokenTable;
  queue_item: QueueItemTable;
  recent_answer: RecentAnswerTable;
  schedule: ScheduleTable;
  secret: SecretTable;
  task: TaskTable;
  task_log: TaskLogTable;
  token: TokenTable;
  volume: VolumeTable;
  volume_version: VolumeVersionTable;
  web_address: WebAddressTable;
  worker_log: WorkerLogTable;
}
