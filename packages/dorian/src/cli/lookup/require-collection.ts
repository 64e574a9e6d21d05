import { ObjectCreationType } from "@dorian/protocol/modal";
import type { ServerConnection } from "../server-connection.ts";

type Modal = Pick<ServerConnection, "modal">;
const objectCreationType = ObjectCreationType.UNSPECIFIED;

/**
 * The id of an existing dict.
 *
 * @throws AppError of the server, NOT_FOUND
 */
export async function requireDict(
  { modal }: Modal,
  deploymentName: string,
  options: { signal: AbortSignal },
): Promise<string> {
  return (await modal.dictGetOrCreate({ deploymentName, objectCreationType }, options)).dictId;
}

/**
 * The id of an existing queue.
 *
 * @throws AppError of the server, NOT_FOUND
 */
export async function requireQueue(
  { modal }: Modal,
  deploymentName: string,
  options: { signal: AbortSignal },
): Promise<string> {
  return (await modal.queueGetOrCreate({ deploymentName, objectCreationType }, options)).queueId;
}
