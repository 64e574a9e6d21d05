import { DorianProcess } from "@dorian/testkit/dorian-process";
import { dorian } from "@dorian/testkit/run-command";
import { modalVersions } from "@dorian/testkit/modal-client";
import { prepareSeeds, seededData } from "@dorian/testkit/seeded-data";
import { type Connection, sdkConnection } from "@dorian/testkit/connection";
import { join } from "node:path";

export interface BenchServer extends AsyncDisposable {
  dataDirectory: string;
  transport: Connection;
}

/** A server of its own with one app of `bench/apps` deployed, and this process's SDK connected to it. */
export async function benchServer(app: string, args: string[] = []): Promise<BenchServer> {
  await prepareSeeds();
  await using starting = new AsyncDisposableStack();
  const data = starting.use(await seededData([modalVersions.newest]));
  starting.use(await DorianProcess.start({ dataDirectory: data.path, args }));
  const deployed = await dorian(data.path, ["deploy", join(import.meta.dirname, "../apps", app)]);
  if (deployed.code !== 0) throw new Error(`deploy of ${app} failed:\n${deployed.stdout}${deployed.stderr}`);
  const transport = starting.use(await sdkConnection(data.path));
  const resources = starting.move();
  return { dataDirectory: data.path, transport, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
