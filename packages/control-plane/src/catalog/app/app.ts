import { AppState } from "@dorian/protocol/modal";

/** A named group of functions. Never changed in place: a change is a new value in the registry. */
export interface App {
  appId: string;
  scope: string;
  /** Set once deployed. */
  name: string | undefined;
  description: string;
  state: AppState;
  /** Grows with every publish. */
  version: number;
  /** What is published, by tag: "train", "Model.*". */
  functionIds: ReadonlyMap<string, string>;
  /** By tag: "Model". */
  classIds: ReadonlyMap<string, string>;
  /** Dicts, queues and volumes that the app has, by tag: containers of clients before 0.64 find them by it. */
  objectIds: ReadonlyMap<string, string>;
  tags: Record<string, string>;
  /** Times in milliseconds. */
  createdAtMs: number;
  deployedAtMs: number | undefined;
  stoppedAtMs: number | undefined;
  stopReason: string;
}

/** True while functions of the app may run. */
export function isOpen(app: App): boolean {
  return app.state !== AppState.STOPPING && app.state !== AppState.STOPPED;
}
