/** A dict or a queue as such, whatever it holds. */
export interface NamedObject {
  objectId: string;
  scope: string;
  /** Undefined for one that lives as long as somebody's heartbeats, or as an app. */
  name: string | undefined;
  appId: string | undefined;
  /** Milliseconds; no two of a kind are equal, so that lists can be read in pages. */
  createdAtMs: number;
  createdBy: string;
}
