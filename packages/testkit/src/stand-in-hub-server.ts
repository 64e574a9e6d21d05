import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join, relative } from "node:path";

/** A file of a repository as the hub tells of it. */
interface HubFile {
  path: string;
  size: number;
  /** SHA-1 as git names blobs. */
  oid: string;
  sha256: string;
  large: boolean;
}

interface Repository {
  directory: string;
  /** 40 hex digits that change with the content. */
  commit: string;
  files: HubFile[];
}

/** Kinds of files that hubs keep outside git: clients know them by their SHA-256. */
const largeKinds = /\.(safetensors|bin|onnx|pt|msgpack)$/;

/**
 * Serves the directories `root/<owner>/<name>` as model repositories over the hub's HTTP interface: revision, tree, and
 * files with ranges. Prints `ready` when it listens, and every request as a line of JSON.
 */
async function serve(root: string, host: string, port: number): Promise<void> {
  const server = createServer((request, response) => {
    answer(root, request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  process.stdout.write("ready\n");
}

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://hub");
  process.stdout.write(`${JSON.stringify({ method: request.method, path: pathname })}\n`);
  const api = /^\/api\/models\/([^/]+\/[^/]+)(?:\/(revision|tree)\/([^/]+))?$/.exec(pathname);
  const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
  const name = api?.[1] ?? file?.[1];
  if (name === undefined) return refuse(response, "EntryNotFound", "no such route");
  const repository = await openRepository(join(root, name)).catch(() => undefined);
  if (!repository) return refuse(response, "RepoNotFound", `no repository ${name}`);
  const revision = api?.[3] ?? file?.[2] ?? "main";
  if (revision !== "main" && revision !== repository.commit)
    return refuse(response, "RevisionNotFound", `no revision ${revision}`);
  if (file) return sendFile(repository, decodeURIComponent(file[3] ?? ""), request, response);
  sendJson(response, api?.[2] === "tree" ? tree(repository) : info(name, repository));
}

async function openRepository(directory: string): Promise<Repository> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(paths.toSorted().map((path) => describe(directory, path)));
  const commit = createHash("sha1");
  for (const file of files) commit.update(`${file.path} ${file.sha256}\n`);
  return { directory, commit: commit.digest("hex"), files };
}

async function describe(directory: string, path: string): Promise<HubFile> {
  const { size } = await stat(path);
  const bytes = await readFile(path);
  return {
    path: relative(directory, path),
    size,
    oid: createHash("sha1").update(`blob ${size}\0`).update(bytes).digest("hex"),
    sha256: createHash("sha256").update(bytes).digest("hex"),
    large: largeKinds.test(path),
  };
}

function info(name: string, { commit, files }: Repository) {
  const siblings = files.map((file) => ({ rfilename: file.path }));
  // Clients of 2024 refuse an answer that does not count downloads and likes.
  const counts = { downloads: 0, likes: 0 };
  return { id: name, sha: commit, private: false, gated: false, tags: [], ...counts, siblings };
}

function tree({ files }: Repository) {
  return files.map(({ path, size, oid, sha256, large }) => ({
    type: "file",
    path,
    size,
    oid,
    ...(large ? { lfs: { oid: sha256, size, pointerSize: 134 } } : {}),
  }));
}

function sendFile(
  repository: Repository,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const file = repository.files.find((candidate) => candidate.path === path);
  response.setHeader("x-repo-commit", repository.commit);
  if (!file) return refuse(response, "EntryNotFound", `no file ${path}`);
  response.setHeader("etag", `"${file.large ? file.sha256 : file.oid}"`);
  response.setHeader("accept-ranges", "bytes");
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(range?.[2] ? Number(range[2]) : file.size - 1, file.size - 1);
  response.setHeader("content-length", Math.max(0, end - start + 1));
  if (range) response.setHeader("content-range", `bytes ${start}-${end}/${file.size}`);
  response.writeHead(range ? 206 : 200);
  if (request.method === "HEAD" || file.size === 0) response.end();
  else createReadStream(join(repository.directory, path), { start, end }).pipe(response);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json").end(JSON.stringify(value));
}

function refuse(response: ServerResponse, code: string, message: string): void {
  response.setHeader("x-error-code", code).setHeader("x-error-message", message);
  response.writeHead(404).end(message);
}

const [root = "", host = "127.0.0.1", port = "80"] = process.argv.slice(2);
await serve(root, host, Number(port));
