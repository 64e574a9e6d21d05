import { createControlPlane } from "@dorian/control-plane/compose";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { WorkerService } from "@dorian/protocol/worker";
import type { RunningService, ServiceSettings } from "./running-service.ts";

export interface RunningControlPlane extends RunningService {
  /** Where clients reach it. */
  readonly url: string;
  /** Its services, for a worker in the same process. */
  readonly modal: ServiceHandlers<typeof ModalClient>;
  readonly worker: ServiceHandlers<typeof WorkerService>;
}

/** Starts a control plane that listens for clients and workers. */
export async function startControlPlane(
  settings: ServiceSettings & { listen: string },
): Promise<RunningControlPlane> {
  const controlPlane = await createControlPlane(settings);
  return {
    url: controlPlane.url,
    modal: controlPlane.modal,
    worker: controlPlane.worker,
    drain: ({ signal }) => controlPlane.drain({ signal }),
    [Symbol.asyncDispose]: () => controlPlane[Symbol.asyncDispose](),
  };
}
