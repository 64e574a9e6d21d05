import { sleep } from "@dorian/base/sleep";
import { connect } from "node:net";
import type { LocalServer } from "./local-server.ts";

/** Loopback, by either protocol: programs listen on what `localhost` means to them. */
const hosts = ["127.0.0.1", "::1"];
const pollMs = 20;

/** Waits until something in this container listens on a port, and says where. */
export async function awaitPort(port: number, { signal }: { signal: AbortSignal }): Promise<LocalServer> {
  for (;;) {
    for (const host of hosts) if (await listens({ host, port })) return { host, port };
    await sleep(pollMs, { signal });
  }
}

async function listens(server: LocalServer): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(server);
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  const answer = await promise;
  socket.destroy();
  return answer;
}
