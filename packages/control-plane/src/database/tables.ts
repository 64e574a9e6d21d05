import type { AppTable } from "../app/app-table.ts";
import type { AppVersionTable, FunctionDefinitionTable } from "../app/app-version-table.ts";
import type { AuditEntryTable } from "../audit/audit-table.ts";
import type { BlobTable } from "../blob/blob-table.ts";
import type {
  CallBytesTable,
  CallInputTable,
  DataChunkTable,
  FunctionCallTable,
} from "../call/call-tables.ts";
import type { ClassTable } from "../class/class-table.ts";
import type { DictEntryTable } from "../dict/dict-table.ts";
import type { EnvironmentTable } from "../environment/environment-table.ts";
import type { FunctionTable } from "../function/function-table.ts";
import type { ImageLogTable, ImageTable, ImageTagTable } from "../image/image-table.ts";
import type { TaskLogTable, WorkerLogTable } from "../log/log-table.ts";
import type { MountNameTable } from "../mount/mount-name-table.ts";
import type { MountTable } from "../mount/mount-table.ts";
import type { NamedObjectTable } from "../named-object/named-object-table.ts";
import type { QueueItemTable } from "../queue/queue-table.ts";
import type { ScheduleTable } from "../schedule/schedule-table.ts";
import type { SecretTable } from "../secret/secret-table.ts";
import type { TaskTable } from "../task/task-table.ts";
import type { TokenTable } from "../token/token-table.ts";
import type { VolumeTable, VolumeVersionTable } from "../volume/volume-table.ts";
import type { ProxyTokenTable } from "../web/proxy-token-table.ts";
import type { WebAddressTable } from "../web/web-address-table.ts";
import type { IdempotencyTable } from "./idempotency-table.ts";
import type { RecentAnswerTable } from "./recent-answer-table.ts";

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
