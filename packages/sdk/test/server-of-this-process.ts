import { openControlPlane } from "@dorian/control-plane/compose";
import { openClientFile } from "@dorian/control-plane/access/token/client-file";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import type { ServiceClient } from "@dorian/protocol/service";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { pino } from "pino";

/** A real server without a worker, in this process. */
export interface ServerOfThisProcess extends AsyncDisposable {
  modal: ServiceClient<typeof ModalClient>;
  operator: ServiceClient<typeof OperatorService>;
  dataDirectory: string;
}

export async function openServerOfThisProcess(): Promise<ServerOfThisProcess> {
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
  const kept = stack.move();
  return {
    modal: createLocalClient(ModalClient, plane.modal, identity),
    operator: createLocalClient(OperatorService, plane.operator, identity),
    dataDirectory: data.path,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
