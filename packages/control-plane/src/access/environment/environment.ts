export interface Environment {
  environmentId: string;
  name: string;
  /** What its objects carry. Stays the same when the environment gets another name. */
  scope: string;
  webSuffix: string;
  /** What images are built by, where the client knows it. */
  imageBuilderVersion: string | undefined;
  createdAtMs: number;
}
