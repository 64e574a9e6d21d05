/** What may be shown of a secret: never its values. */
export interface Secret {
  secretId: string;
  scope: string;
  name: string | undefined;
  appId: string | undefined;
  keys: string[];
  createdAtMs: number;
  lastUsedAtMs: number | undefined;
}
