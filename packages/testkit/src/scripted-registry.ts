import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack, type Header } from "tar-stream";

export type TarEntry = Partial<Header> & { name: string; content?: string; pax?: Record<string, string> };

/** For tests: bytes of a tar file. */
export async function tarOf(entries: TarEntry[]): Promise<Buffer> {
  const out = pack();
  for (const { content = "", ...header } of entries) {
    const isFile = (header.type ?? "file") === "file";
    if (isFile) out.entry(header, content);
    else out.entry(header);
  }
  out.finalize();
  return buffer(out as unknown as AsyncIterable<Uint8Array>);
}

/** For tests: a registry on loopback that speaks the OCI distribution protocol, and can misbehave. */
export class ScriptedRegistry implements AsyncDisposable {
  /** Requests so far, as "GET /v2/…". */
  readonly requests: string[] = [];
  /** Asked for by a token, when set. */
  account: { username: string; password: string } | undefined;
  /** Answers the next so many blob requests with half of the bytes and then hangs up. */
  breakOff = 0;
  /** Changes a byte of every layer. */
  corrupt = false;
  /** What a request for a token is answered. */
  tokenAnswer = JSON.stringify({ token: "let-me-in" });
  #server = createServer((request, response) => void this.#answer(request, response));
  #blobs = new Map<string, Buffer>();
  #manifests = new Map<string, { type: string; body: string }>();

  static async open(): Promise<ScriptedRegistry> {
    const registry = new ScriptedRegistry();
    await new Promise<void>((resolve) => registry.#server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  /** Host and port, as images name it. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Publishes an image, behind an index of platforms. */
  async push(
    repository: string,
    tag: string,
    image: {
      layers: { tar: Buffer; compression?: "gzip" | "zstd" }[];
      config?: object;
      architecture?: string;
    },
  ): Promise<void> {
    const layers = image.layers.map(({ tar, compression = "gzip" }) => {
      const bytes = compression === "zstd" ? zstdCompressSync(tar) : gzipSync(tar);
      const digest = this.#addBlob(bytes);
      return {
        mediaType: `application/vnd.oci.image.layer.v1.tar+${compression}`,
        digest,
        size: bytes.length,
      };
    });
    const config = Buffer.from(JSON.stringify({ config: image.config ?? {} }));
    const manifest = JSON.stringify({
      schemaVersion: 2,
      config: {
        mediaType: "application/vnd.oci.image.config.v1+json",
        digest: this.#addBlob(config),
        size: config.length,
      },
      layers,
    });
    const type = "application/vnd.oci.image.manifest.v1+json";
    this.#manifests.set(`${repository}:${digestOf(manifest)}`, { type, body: manifest });
    const architecture = image.architecture ?? (process.arch === "x64" ? "amd64" : process.arch);
    const index = JSON.stringify({
      manifests: [
        { mediaType: type, digest: digestOf("other"), size: 1, platform: { os: "windows", architecture } },
        {
          mediaType: type,
          digest: digestOf(manifest),
          size: manifest.length,
          platform: { os: "linux", architecture },
        },
      ],
    });
    this.#manifests.set(`${repository}:${tag}`, {
      type: "application/vnd.oci.image.index.v1+json",
      body: index,
    });
  }

  /** Publishes what may or may not be a manifest. */
  pushManifest(repository: string, tag: string, body: string): void {
    this.#manifests.set(`${repository}:${tag}`, { type: "application/vnd.oci.image.manifest.v1+json", body });
  }

  /** Stores a blob and returns its descriptor. */
  addBlob(bytes: Buffer, mediaType: string): { mediaType: string; digest: string; size: number } {
    return { mediaType, digest: this.#addBlob(bytes), size: bytes.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #addBlob(bytes: Buffer): string {
    this.#blobs.set(digestOf(bytes), bytes);
    return digestOf(bytes);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", `http://${this.host}`);
    this.requests.push(`${request.method} ${url.pathname}`);
    if (url.pathname === "/token") return this.#token(request, response);
    if (this.account && request.headers.authorization !== "Bearer let-me-in") {
      response.writeHead(401, {
        "www-authenticate": `Bearer realm="http://${this.host}/token",service="test",scope="repository:x:pull"`,
      });
      response.end();
      return undefined;
    }
    const [, repository = "", kind, reference = ""] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
    if (kind === "manifests") return this.#manifest(`${repository}:${reference}`, response);
    return this.#blob(reference, response);
  }

  #token(request: IncomingMessage, response: ServerResponse): void {
    const expected = `${this.account?.username}:${this.account?.password}`;
    const given = Buffer.from(
      request.headers.authorization?.replace("Basic ", "") ?? "",
      "base64",
    ).toString();
    response.writeHead(given === expected ? 200 : 401);
    response.end(this.tokenAnswer);
  }

  #manifest(key: string, response: ServerResponse): void {
    const manifest = this.#manifests.get(key);
    if (manifest) {
      response.writeHead(200, {
        "content-type": manifest.type,
        "docker-content-digest": digestOf(manifest.body),
      });
    } else response.writeHead(404);
    response.end(manifest?.body ?? "{}");
  }

  #blob(digest: string, response: ServerResponse): void {
    const stored = this.#blobs.get(digest);
    if (!stored) {
      response.writeHead(404).end();
      return;
    }
    const bytes = Buffer.from(stored);
    const isConfig = bytes[0] === 0x7b;
    response.writeHead(200, { "content-length": bytes.length });
    if (this.breakOff > 0 && !isConfig) {
      this.breakOff--;
      response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
      return;
    }
    // A byte of gzip's header that no decoder looks at.
    if (this.corrupt && !isConfig) bytes[4] = (bytes[4] ?? 0) ^ 0xff;
    response.end(bytes);
  }
}

function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
