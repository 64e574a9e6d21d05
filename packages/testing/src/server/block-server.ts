import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

interface Piece {
  path: string;
  start: number;
  length: number;
}

/** Takes and gives contents of files over HTTP, on loopback, as a server does; it is there from the first address that is asked for. */
export class BlockServer implements Disposable {
  /** What was sent, by the digest that it was to have. */
  readonly received = new Map<string, Buffer>();
  #pieces = new Map<string, Piece>();
  #server: Promise<Server> | undefined;
  /** Nobody else on the machine knows it. */
  #secret = randomUUID();

  async putUrl(digest: string): Promise<string> {
    return `${await this.#origin()}/${this.#secret}/${digest}`;
  }

  async getUrl(piece: Piece): Promise<string> {
    const id = randomUUID();
    this.#pieces.set(id, piece);
    return `${await this.#origin()}/${this.#secret}/${id}`;
  }

  [Symbol.dispose](): void {
    void this.#server?.then((server) => {
      server.close();
      server.closeAllConnections();
    });
  }

  async #origin(): Promise<string> {
    this.#server ??= this.#listen();
    const { port } = (await this.#server).address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async #listen(): Promise<Server> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    server.unref();
    return server;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, secret, name = ""] = (request.url ?? "").split("/");
    const piece = this.#pieces.get(name);
    if (secret !== this.#secret || (request.method !== "PUT" && !piece)) {
      response.writeHead(404).end();
      return;
    }
    if (!piece) {
      this.received.set(name, await buffer(request));
      response.end(name);
      return;
    }
    const { path, start, length } = piece;
    await pipeline(createReadStream(path, { start, end: start + length - 1 }), response);
  }
}
