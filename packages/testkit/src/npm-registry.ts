import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { createHash } from "node:crypto";

/** A registry for npm on this machine that has one package of its own, and sends who asks for others to the operator's registry. */
export class NpmRegistry implements AsyncDisposable {
  readonly url: string;
  #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  /** `manifest` is the package.json in the tarball. */
  static async open(
    tarball: string,
    manifest: { name: string; version: string },
    elsewhere: string,
  ): Promise<NpmRegistry> {
    const content = await readFile(tarball);
    const { name, version } = manifest;
    const file = `/${name}/-/${basename(tarball)}`;
    const server = createServer((request, response) => {
      if (request.url === file) return void response.end(content);
      if (request.url !== `/${name}`)
        return void response.writeHead(302, { location: new URL(`.${request.url}`, elsewhere).href }).end();
      const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
      const dist = { tarball: `http://${request.headers.host}${file}`, integrity };
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({
          name,
          "dist-tags": { latest: version },
          versions: { [version]: { ...manifest, dist } },
        }),
      );
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new NpmRegistry(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
