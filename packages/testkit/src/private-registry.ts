import { execFile, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "./checkout.ts";
import { eventually } from "./eventually.ts";
import { temporaryDirectory, type TemporaryDirectory } from "./temporary-directory.ts";

const execute = promisify(execFile);
const programDirectory = join(checkout, ".cache/docker-registry");

/** Who may pull and push. */
export const registryAccount = { username: "puller", password: "let-me-in" };

/** The account's line in the form of `htpasswd -B`. */
const passwordLine = "puller:$2b$05$00tGO2j.O/WNa3icypoVCuPz5hT8kNToTB9BFAbUFELnztJ.ZestC\n";

/** A registry that asks for a login, on loopback: the program that Docker's own registry runs, from Debian's package. */
export class PrivateRegistry implements AsyncDisposable {
  /** Host and port, as images name it. */
  readonly host: string;
  #child: ChildProcess;
  #directory: TemporaryDirectory;

  private constructor(host: string, child: ChildProcess, directory: TemporaryDirectory) {
    this.host = host;
    this.#child = child;
    this.#directory = directory;
  }

  static async start(): Promise<PrivateRegistry> {
    const program = await programPath();
    const directory = await temporaryDirectory({ users: passwordLine });
    const host = `127.0.0.1:${await freePort()}`;
    const config = {
      version: 0.1,
      log: { level: "error" },
      storage: { filesystem: { rootdirectory: join(directory.path, "storage") } },
      http: { addr: host },
      auth: { htpasswd: { realm: "test", path: join(directory.path, "users") } },
    };
    // YAML takes JSON.
    await writeFile(join(directory.path, "config.yml"), JSON.stringify(config));
    const child = spawn(program, ["serve", join(directory.path, "config.yml")], { stdio: "ignore" });
    const registry = new PrivateRegistry(host, child, directory);
    const status = () =>
      fetch(`http://${host}/v2/`).then(
        (answer) => answer.status,
        () => 0,
      );
    await eventually(status, (value) => value === 401);
    return registry;
  }

  /** Publishes directories as the layers of an image, lowest first. */
  async push(repository: string, tag: string, image: { layers: string[]; config?: object }): Promise<void> {
    const layers: object[] = [];
    const diffIds: string[] = [];
    for (const [index, layer] of image.layers.entries()) {
      const file = join(this.#directory.path, `layer-${index}.tar`);
      await execute("tar", ["--numeric-owner", "-cf", file, "-C", layer, "."]);
      diffIds.push(digestOf(await readFile(file)));
      await execute("gzip", ["-1", "-f", file]);
      const descriptor = await this.#pushBlob(repository, await readFile(`${file}.gz`));
      layers.push({ mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip", ...descriptor });
      await rm(`${file}.gz`);
    }
    const architecture = process.arch === "x64" ? "amd64" : process.arch;
    const config = {
      architecture,
      os: "linux",
      config: image.config ?? {},
      rootfs: { type: "layers", diff_ids: diffIds },
    };
    const described = await this.#pushBlob(repository, Buffer.from(JSON.stringify(config)));
    const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: "application/vnd.docker.container.image.v1+json", ...described },
      layers,
    });
    await this.#send("PUT", `/v2/${repository}/manifests/${tag}`, Buffer.from(manifest), mediaType);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A Ctrl-C in the terminal has ended it as it has us.
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill();
      await ended;
    }
    await this.#directory[Symbol.asyncDispose]();
  }

  async #pushBlob(repository: string, bytes: Buffer): Promise<{ digest: string; size: number }> {
    const digest = digestOf(bytes);
    const begun = await this.#send("POST", `/v2/${repository}/blobs/uploads/`);
    const place = new URL(begun.headers.get("location") ?? "", `http://${this.host}`);
    place.searchParams.set("digest", digest);
    await this.#send("PUT", place.href, bytes, "application/octet-stream");
    return { digest, size: bytes.length };
  }

  async #send(method: string, path: string, body?: Buffer, type?: string): Promise<Response> {
    const { username, password } = registryAccount;
    const response = await fetch(new URL(path, `http://${this.host}`), {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
        ...(type === undefined ? {} : { "content-type": type }),
      },
      ...(body ? { body: new Uint8Array(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}

/** Unpacked from its package and not installed: that would start a service on the machine. */
async function programPath(): Promise<string> {
  const program = join(programDirectory, "usr/bin/docker-registry");
  if (await stat(program).catch(() => undefined)) return program;
  const draft = `${programDirectory}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  await execute("apt-get", ["download", "-qq", "docker-registry"], { cwd: draft });
  const [name = ""] = (await readdir(draft)).filter((file) => file.endsWith(".deb"));
  await execute("dpkg-deb", ["-x", join(draft, name), draft]);
  await rm(join(draft, name));
  await rm(programDirectory, { recursive: true, force: true });
  await rename(draft, programDirectory);
  return program;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
