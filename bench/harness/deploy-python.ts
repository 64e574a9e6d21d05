import { join } from "node:path";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";

/** Deploys an app of `bench/apps` with the newest official client, to the server that runs on `dataDirectory`. */
export async function deployPython(
  dataDirectory: string,
  app: string,
  env: Record<string, string> = {},
): Promise<ModalClient> {
  const client = await ModalClient.open(modalVersions.newest, dataDirectory);
  const deployed = await client.modal(["deploy", app], { cwd: join(import.meta.dirname, "../apps"), env });
  if (deployed.code !== 0) throw new Error(`deploy of ${app} failed:\n${deployed.stdout}${deployed.stderr}`);
  return client;
}
