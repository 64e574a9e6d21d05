import { AppError } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { OperatorService, ServerInfoResponse } from "@dorian/protocol/operator";
import type { ServiceClient } from "@dorian/protocol/service";
import { lastLines, unitState } from "./systemctl.ts";

/** A connection to the service's server. */
export interface InfoServer extends Disposable {
  url: string;
  operator: Pick<ServiceClient<typeof OperatorService>, "serverInfo">;
}

export interface ServerState {
  url: string;
  info: ServerInfoResponse;
}

const answerMs = 5_000;
const lookEveryMs = 250;
/** A first start may make id ranges and unpack; a machine that boots does much else. */
const patienceMs = 120_000;
/** A service that ends so often has something in its way. */
const mostRestarts = 3;

/** What the server says of itself; undefined while it does not answer. */
export async function askServer(
  connect: () => InfoServer,
  { signal }: { signal: AbortSignal },
): Promise<ServerState | undefined> {
  try {
    using server = connect();
    const soon = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    return { url: server.url, info: await server.operator.serverInfo({}, { signal: soon }) };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** Waits until the service's server answers and has a worker. @throws AppError SERVICE_NOT_READY with its last lines */
export async function untilReady(
  connect: () => InfoServer,
  { signal }: { signal: AbortSignal },
): Promise<ServerState> {
  const watch = new Stopwatch();
  const before = (await unitState()).restarts;
  for (;;) {
    const state = await askServer(connect, { signal });
    if (state && state.info.workers.length > 0) return state;
    const { active, restarts } = await unitState();
    const gaveUp = active === "failed" || active === "inactive" || restarts - before >= mostRestarts;
    if (gaveUp || watch.ms > patienceMs) throw await notReady(active, restarts - before);
    await sleep(lookEveryMs, { signal });
  }
}

async function notReady(active: string, restarts: number): Promise<AppError> {
  const again = restarts > 0 ? `, and was started again ${restarts} times` : "";
  return new AppError("SERVICE_NOT_READY", `The service did not become ready: it is ${active}${again}.`, {
    remedy:
      "Mend what its log names, then `systemctl restart dorian`; `dorian service logs` has all of it, and `dorian doctor` looks at the machine.",
    cause: new Error(await lastLines(5)),
  });
}
