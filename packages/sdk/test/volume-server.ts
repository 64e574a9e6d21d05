import { openControlPlane } from "@dorian/control-plane/compose";
import { openClientFile } from "@dorian/control-plane/access/token/client-file";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import {
  ModalClient,
  ObjectCreationType,
  type VolumePutFiles2Request,
  type VolumePutFiles2Response,
} from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import type { ServiceClient } from "@dorian/protocol/service";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { pino } from "pino";
import { VolumeFiles } from "../src/volume/volume-files.ts";

/** A real server with one volume, that notes how uploads go. */
export interface VolumeServer extends AsyncDisposable {
  modal: ServiceClient<typeof ModalClient>;
  volumeId: string;
  files: VolumeFiles;
  operator: ServiceClient<typeof OperatorService>;
  puts: { request: VolumePutFiles2Request; response: VolumePutFiles2Response }[];
  /** Called after the server has answered what it lacks. */
  onAnswered: (() => Promise<void>) | undefined;
}

export async function openVolumeServer(): Promise<VolumeServer> {
  await using stack = new AsyncDisposableStack();
  const data = stack.use(await temporaryDirectory());
  const plane = stack.use(
    await openControlPlane({
      dataDirectory: data.path,
      version: "0.1.0",
      listen: "127.0.0.1:0",
      logger: pino({ level: "silent" }),
    }),
  );
  // What a token has made ends with it: it has to be one that the server knows.
  const { tokenId } = await openClientFile(data.path);
  const identity = { kind: "client", tokenId } as const;
  const client = createLocalClient(ModalClient, plane.modal, identity);
  const server: Omit<VolumeServer, "files" | "volumeId"> = {
    operator: createLocalClient(OperatorService, plane.operator, identity),
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
  return Object.assign(server, { volumeId, files: new VolumeFiles(server.modal, volumeId) });
}
