import { ObjectCreationType } from "@dorian/protocol/modal";
import type { ServerConnection } from "../server-connection.ts";

/**
 * The id of an existing volume.
 *
 * @throws AppError of the server, NOT_FOUND
 */
export async function requireVolume(
  server: ServerConnection,
  name: string,
  options: { signal: AbortSignal },
): Promise<string> {
  const { volumeId } = await server.modal.volumeGetOrCreate(
    { deploymentName: name, objectCreationType: ObjectCreationType.UNSPECIFIED },
    options,
  );
  return volumeId;
}
