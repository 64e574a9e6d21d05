import { createClient, Connection } from "@dorian/protocol/grpc-client";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import type { ServiceClient } from "@dorian/protocol/service";
import { type Config, credentials } from "./config.ts";

/** A connection to the server that the command line names, with its two services. */
export class ServerConnection implements Disposable {
  readonly url: string;
  readonly modal: ServiceClient<typeof ModalClient>;
  /** Without ContainerExec, which streams requests. */
  readonly operator: Omit<ServiceClient<typeof OperatorService>, "containerExec">;
  #connection: Connection;

  constructor(config: Config) {
    const { url, tokenId, tokenSecret } = credentials(config);
    this.url = url;
    this.#connection = new Connection({
      url,
      metadata: { "x-modal-token-id": tokenId, "x-modal-token-secret": tokenSecret },
    });
    this.modal = createClient(ModalClient, this.#connection);
    this.operator = createClient(OperatorService, this.#connection);
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
