import { join } from "node:path";
import { handoverDirectory } from "@dorian/protocol/convention/handover";
import {
  ObjectCreationType,
  type ModalClient,
  type VolumePutFiles2Request,
  type VolumePutFiles2Response,
} from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { VolumeFiles } from "../src/volume/volume-files.ts";
import { openServerOfThisProcess, type ServerOfThisProcess } from "./server-of-this-process.ts";

/** A real server with one volume, that notes how uploads go. */
export interface VolumeServer extends ServerOfThisProcess {
  modal: ServiceClient<typeof ModalClient>;
  volumeId: string;
  files: VolumeFiles;
  /** As a client has them that found the server by its data directory. */
  filesHandedOver: VolumeFiles;
  puts: { request: VolumePutFiles2Request; response: VolumePutFiles2Response }[];
  /** Called after the server has answered what it lacks. */
  onAnswered: (() => Promise<void>) | undefined;
}

export async function openVolumeServer(): Promise<VolumeServer> {
  await using stack = new AsyncDisposableStack();
  const { modal: client, ...rest } = stack.use(await openServerOfThisProcess());
  const server: Omit<VolumeServer, "files" | "filesHandedOver" | "volumeId"> = {
    ...rest,
    puts: [],
    onAnswered: undefined,
    modal: {
      ...client,
      async volumePutFiles2(request, options) {
        const response = await client.volumePutFiles2(request, options);
        server.puts.push({ request: request as VolumePutFiles2Request, response });
        await server.onAnswered?.();
        return response;
      },
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
  const { volumeId } = await server.modal.volumeGetOrCreate({
    deploymentName: "weights",
    objectCreationType: ObjectCreationType.CREATE_IF_MISSING,
  });
  const kept = stack.move();
  const handover = { operator: server.operator, directory: join(server.dataDirectory, handoverDirectory) };
  return Object.assign(server, {
    volumeId,
    files: new VolumeFiles(server.modal, volumeId),
    filesHandedOver: new VolumeFiles(server.modal, volumeId, handover),
  });
}
