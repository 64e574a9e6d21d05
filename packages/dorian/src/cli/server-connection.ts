import { createClient, Connection } from "@dorian/protocol/client/grpc-client";
import { ModalClient } from "@dorian/protocol/modal";
import { OperatorService } from "@dorian/protocol/operator";
import type { ServiceClient } from "@dorian/protocol/service";
import { inEnvironment } from "@dorian/sdk/client/in-environment";
import type { Handover } from "@dorian/sdk/volume/hand-over";
import { type Config, type Credentials, credentials } from "./config/config.ts";

/** A connection to the server that the command line names, with its two services. */
export class ServerConnection implements Disposable {
  readonly url: string;
  readonly trust: Credentials["trust"];
  readonly modal: ServiceClient<typeof ModalClient>;
  /** Without ContainerExec, which streams requests. */
  readonly operator: Omit<ServiceClient<typeof OperatorService>, "containerExec">;
  /** Where it takes files of this machine itself. */
  readonly handover: Handover | undefined;
  #connection: Connection;

  constructor(config: Config) {
    const { url, tokenId, tokenSecret, trust, handover } = credentials(config);
    this.url = url;
    this.trust = trust;
    this.#connection = new Connection({
      url,
      authority: trust?.authority,
      metadata: { "x-modal-token-id": tokenId, "x-modal-token-secret": tokenSecret },
    });
    this.modal = inEnvironment(createClient(ModalClient, this.#connection), config.environment);
    this.operator = createClient(OperatorService, this.#connection);
    this.handover = handover === undefined ? undefined : { operator: this.operator, directory: handover };
  }

  /** To the server of the data directory, whatever else the environment names. */
  static ofData(config: Config): ServerConnection {
    return new ServerConnection({ ...config, server: undefined, tokenId: undefined, tokenSecret: undefined });
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
