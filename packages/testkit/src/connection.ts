import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { handoverDirectory } from "@dorian/protocol/convention/handover";
import { connectToServer } from "@dorian/sdk/client/connect";
import { setTransport } from "@dorian/sdk/client/current-transport";
import type { Transport } from "@dorian/sdk/client/transport";

/** The SDK of this process, connected to a server. */
export type Connection = Transport & Disposable;

/** Lets the SDK in this process call the server of a data directory, until it is disposed of. */
export async function sdkConnection(dataDirectory: string): Promise<Connection> {
  const file = await readFile(join(dataDirectory, "client.json"), "utf8");
  const transport = await connectToServer(JSON.parse(file));
  setTransport(transport);
  return {
    ...transport,
    [Symbol.dispose]() {
      setTransport(undefined);
      transport[Symbol.dispose]();
    },
  };
}

/** Lets the SDK in this process have the server take files itself, as who finds it by its data directory does, until it is disposed of. */
export function handingOver(connection: Connection, dataDirectory: string): Disposable {
  setTransport({ ...connection, handover: join(dataDirectory, handoverDirectory) });
  return { [Symbol.dispose]: () => setTransport(connection) };
}
