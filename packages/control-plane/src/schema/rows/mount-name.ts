export interface MountNameRow {
  /** An environment's; empty for names that all environments see. */
  scope: string;
  name: string;
  mount_id: string;
  /** "platform" for what can be made again, "client" for what was sent. */
  made_by: string;
  created_at: number;
}
