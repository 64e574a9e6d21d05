export interface ClassRow {
  class_id: string;
  app_id: string;
  created_at: number;
}
