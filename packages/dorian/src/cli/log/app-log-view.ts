import { TaskState, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { LogView } from "./log-view.ts";
import type { Output } from "../output/output.ts";
import { readAppLog } from "@dorian/sdk/log/app-log";

/** Shows the log of a running app while it arrives. */
export class AppLogView implements AsyncDisposable {
  /** Resolves when the app is done and its last line was shown; rejects when the log cannot be read. */
  readonly done: Promise<void>;
  #stop = new AbortController();
  #ended = new Set<string>();

  constructor(modal: ServiceClient<typeof ModalClient>, appId: string, output: Output) {
    this.done = this.#follow(modal, appId, output);
    // Whoever waits for the end is told; nobody may be.
    this.done.catch(() => undefined);
  }

  async #follow(modal: ServiceClient<typeof ModalClient>, appId: string, output: Output): Promise<void> {
    const { signal } = this.#stop;
    const view = new LogView(output);
    try {
      for await (const batch of readAppLog(modal, { appId, follow: true }, { signal })) {
        // Lines of image builds have been shown by the build itself.
        if (batch.imageId === "") view.show(batch);
        for (const { taskState, containerId } of batch.items) {
          if (taskState === TaskState.COMPLETED) this.#ended.add(containerId);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** The containers that ended while it watched. */
  get ended(): string[] {
    return [...this.#ended];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.done.catch(() => undefined);
  }
}
