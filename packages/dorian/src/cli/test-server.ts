import { GrpcServer, mountService } from "@dorian/protocol/server/grpc-server";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { onTestFinished } from "vitest";

/** A server that answers what a test scripts, for the time of the test. */
export async function testServer(handlers: {
  modal?: ServiceHandlers<typeof ModalClient>;
  operator?: ServiceHandlers<typeof OperatorService>;
}): Promise<{ env: Record<string, string> }> {
  const server = await GrpcServer.listen({
    address: "127.0.0.1:0",
    services: [
      mountService(ModalClient, handlers.modal ?? {}),
      mountService(OperatorService, handlers.operator ?? {}),
    ],
    authenticate: () => ({ identity: { kind: "client", tokenId: "ak-test" } }),
    onInternalError: (error) => {
      throw error;
    },
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return {
    env: {
      MODAL_SERVER_URL: `http://127.0.0.1:${server.port}`,
      MODAL_TOKEN_ID: "ak-test",
      MODAL_TOKEN_SECRET: "as-test",
    },
  };
}
