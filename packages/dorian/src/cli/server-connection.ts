import { createHttp2Client, Http2Connection } from "@dorian/protocol/http2-client";
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
  #connection: Http2Connection;

  constructor(config: Config) {
    const { url, tokenId, tokenSecret } = credentials(config);
    this.url = url;
    this.#connection = new Http2Connection({
      url,
      metadata: { "x-modal-token-id": tokenId, "x-modal-token-secret": tokenSecret },
    });
    this.modal = createHttp2Client(ModalClient, this.#connection);
    this.operator = createHttp2Client(OperatorService, this.#connection);
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
