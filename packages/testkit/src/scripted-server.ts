import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { GrpcServer, mountService } from "@dorian/protocol/server/grpc-server";
import {
  DataFormat,
  FunctionGetOutputsItemSchema,
  Function_FunctionType as FunctionType,
  GenericResult_GenericStatus as Status,
  ModalClient,
} from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import { encodeValue } from "@dorian/protocol/value/payload";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { onTestFinished } from "vitest";
import { connectToServer } from "@dorian/sdk/client/connect";
import { setTransport } from "@dorian/sdk/client/current-transport";

export type Script = ServiceHandlers<typeof ModalClient>;
export type OutputItem = MessageInitShape<typeof FunctionGetOutputsItemSchema>;

/** A server that answers by script, over a socket that it can leave and come back to. */
export class ScriptedServer {
  #address: string;
  #script: Script;
  #server: GrpcServer | undefined;

  private constructor(address: string, script: Script) {
    this.#address = address;
    this.#script = script;
  }

  /** Listens, and makes it what the SDK of this process calls, until the test ends. */
  static async open(script: Script): Promise<ScriptedServer> {
    const directory = await mkdtemp(join(tmpdir(), "dorian-sdk-"));
    const socket = join(directory, "server.sock");
    const server = new ScriptedServer(`unix:${socket}`, script);
    await server.start();
    const wire = await connectToServer({
      url: `unix://${socket}`,
      tokenId: "ak-test",
      tokenSecret: "as-test",
    });
    setTransport(wire);
    onTestFinished(async () => {
      setTransport(undefined);
      wire[Symbol.dispose]();
      await server.stop();
      await rm(directory, { recursive: true });
    });
    return server;
  }

  async start(): Promise<void> {
    this.#server = await GrpcServer.listen({
      address: this.#address,
      services: [
        mountService(ModalClient, this.#script),
        mountService(OperatorService, { serverInfo: async () => ({}) }),
      ],
      authenticate: () => ({ identity: { kind: "client", tokenId: "ak-test" } }),
      // The caller gets INTERNAL, which no test takes for success.
      onInternalError: () => undefined,
    });
  }

  /** Drops all calls and does not listen any more. */
  async stop(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }
}

/** An answer to FunctionGet: every name is that of one function. */
export async function foundFunction() {
  return {
    functionId: "fu-1",
    handleMetadata: { functionType: FunctionType.FUNCTION, supportedInputFormats: [DataFormat.CBOR] },
  };
}

/** A finished input's output. */
export function success(value: unknown, idx = 0): OutputItem {
  return {
    idx,
    dataFormat: DataFormat.CBOR,
    result: {
      status: Status.SUCCESS,
      dataOneof: {
        case: "data",
        value: value === undefined ? new Uint8Array() : encodeValue(value, "a result"),
      },
    },
  };
}

/** An answer to FunctionGetOutputs. */
export function outputs(...items: OutputItem[]) {
  return { outputs: items, lastEntryId: `${items.length}-0`, idxs: items.map(({ idx }) => idx ?? 0) };
}
