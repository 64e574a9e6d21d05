export interface EnvironmentTable {
  environment_id: string;
  name: string;
  created_at: number;
}
