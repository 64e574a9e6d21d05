import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { zipFile } from "./zip-file.ts";

export interface ServedFile {
  content: Uint8Array;
  requiresPython?: string;
  yanked?: boolean;
  /** What the index says of it, in place of the truth. Empty: nothing. */
  sha256?: string;
}

export interface WheelServerOptions {
  /** By file name. */
  files: Record<string, ServedFile | Uint8Array>;
  /** Which form of the index it speaks. Default: both. */
  form?: "html" | "json";
  /** "user:password" that every request must carry. */
  credentials?: string;
}

/** A package index on this machine. Files lie on it below /files. */
export class WheelServer implements AsyncDisposable {
  /** Where the index is, with the credentials. */
  readonly url: string;
  /** Paths of all requests so far. */
  readonly requests: string[] = [];
  /** Status that the next requests are answered with. */
  readonly failures: number[] = [];
  readonly files: Map<string, ServedFile>;
  #options: WheelServerOptions;
  #server: Server;

  private constructor(server: Server, options: WheelServerOptions) {
    const { port } = server.address() as AddressInfo;
    const login = options.credentials === undefined ? "" : `${options.credentials}@`;
    this.url = `http://${login}127.0.0.1:${port}/simple`;
    this.#options = options;
    this.#server = server;
    this.files = new Map(
      Object.entries(options.files).map(([name, file]) => [
        name,
        file instanceof Uint8Array ? { content: file } : file,
      ]),
    );
    server.on("request", (request: IncomingMessage, response: ServerResponse) =>
      this.#answer(request, response),
    );
  }

  static async open(options: WheelServerOptions): Promise<WheelServer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new WheelServer(server, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? "";
    this.requests.push(path);
    const failure = this.failures.shift();
    const { credentials, form } = this.#options;
    const wanted =
      credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
    if (failure !== undefined) return void response.writeHead(failure).end();
    if (request.headers.authorization !== wanted) return void response.writeHead(401).end();
    const file = this.files.get(decodeURIComponent(path.replace("/files/", "")));
    if (file) return void response.end(file.content);
    const listed = this.#listed(/^\/simple\/([^/]+)\/$/.exec(path)?.[1]);
    if (listed.length === 0) return void response.writeHead(404).end();
    const isJson = form !== "html" && (request.headers.accept?.includes("json") ?? false);
    if (isJson) {
      response.setHeader("content-type", "application/vnd.pypi.simple.v1+json");
      response.end(JSON.stringify({ files: listed.map(jsonFile) }));
    } else {
      response.setHeader("content-type", "text/html");
      response.end(`<!DOCTYPE html><html><body>${listed.map(htmlLink).join("\n")}</body></html>`);
    }
  }

  #listed(project: string | undefined): [string, ServedFile][] {
    return [...this.files].filter(
      ([name]) =>
        name
          .split("-")[0]
          ?.toLowerCase()
          .replaceAll(/[-_.]+/g, "-") === project,
    );
  }
}

/** A wheel with the given files, and the METADATA that names its requirements. */
export function wheel(
  name: string,
  version: string,
  files: Record<string, string | { content: string; mode: number }> = {},
  requirements: string[] = [],
): Buffer {
  const metadata = [
    "Metadata-Version: 2.1",
    `Name: ${name}`,
    `Version: ${version}`,
    ...requirements.map((line) => `Requires-Dist: ${line}`),
    "",
    "Requires-Dist: what-a-description-says",
  ];
  return zipFile([
    ...Object.entries(files).map(([path, file]) =>
      typeof file === "string" ? { name: path, content: file } : { name: path, ...file },
    ),
    { name: `${name}-${version}.dist-info/METADATA`, content: metadata.join("\n") },
  ]);
}

function shaOf(file: ServedFile): string {
  return file.sha256 ?? createHash("sha256").update(file.content).digest("hex");
}

function jsonFile([filename, file]: [string, ServedFile]) {
  const sha256 = shaOf(file);
  return {
    filename,
    url: `../../files/${encodeURIComponent(filename)}`,
    hashes: sha256 === "" ? {} : { sha256 },
    ...(file.requiresPython === undefined ? {} : { "requires-python": file.requiresPython }),
    yanked: file.yanked ?? false,
  };
}

function htmlLink([filename, file]: [string, ServedFile]): string {
  const sha256 = shaOf(file);
  const python = (file.requiresPython ?? "").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return (
    `<a href="/files/${encodeURIComponent(filename)}${sha256 === "" ? "" : `#sha256=${sha256}`}"` +
    `${python === "" ? "" : ` data-requires-python="${python}"`}${file.yanked ? ' data-yanked=""' : ""}>${filename}</a>`
  );
}
