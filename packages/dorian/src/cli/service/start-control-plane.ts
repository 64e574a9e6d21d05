import { homedir } from "node:os";
import { join } from "node:path";
import { openControlPlane } from "@dorian/control-plane/compose";
import type { KeptSockets } from "@dorian/protocol/listener/kept-sockets";
import type { WebSettings } from "@dorian/control-plane/web/web-front";

import { readOperatorSettings } from "@dorian/operator/operator-settings";
import { findInterpreters } from "@dorian/python/interpreters";
import { endProcess } from "../../process/end-process.ts";
import type { NetworkSettings } from "./network-settings.ts";
import { setUpProcess } from "./service-setup.ts";
import type { RunningService, ServiceSettings } from "../../process/running-service.ts";
import type { DiskSettings, HistorySettings } from "./disk-settings.ts";

export interface RunningControlPlane extends RunningService {
  /** What web clients reach: the first to be drained. */
  readonly web: Pick<RunningService, "drain">;
  /** Where clients reach it. */
  readonly url: string;
}

/** Starts a control plane that listens for clients and workers. */
export async function startControlPlane(
  settings: ServiceSettings &
    NetworkSettings &
    HistorySettings &
    DiskSettings & { web: WebSettings; failFast: boolean; sockets: KeptSockets | undefined },
): Promise<RunningControlPlane> {
  setUpProcess();
  const controlPlane = await openControlPlane({
    ...settings,
    onStorageBroken: (failure) => {
      settings.logger.fatal(`${failure.message} ${failure.remedy ?? ""}`);
      void endProcess(1);
    },
    supplies: {
      settings: await readOperatorSettings(),
      findInterpreters: () =>
        findInterpreters({
          env: process.env,
          home: homedir(),
          unpackTo: join(settings.dataDirectory, "pythons"),
        }),
    },
  });
  return {
    url: controlPlane.url,
    web: { drain: ({ signal }) => controlPlane.drainWeb({ signal }) },
    drain: ({ signal }) => controlPlane.drain({ signal }),
    [Symbol.asyncDispose]: () => controlPlane[Symbol.asyncDispose](),
  };
}
