import { join } from "node:path";
import { checkout } from "@dorian/testkit/checkout";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { StandInHub } from "@dorian/testkit/stand-in-hub";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const apps = join(checkout, "examples/storing-model-weights");

let repositories: TemporaryDirectory;
let hub: StandInHub;
let server: RunningServer;

beforeAll(async () => {
  repositories = await temporaryDirectory();
  hub = await StandInHub.start(repositories.path);
  server = await runningServer({
    clients: [modalVersions.late2024, modalVersions.early2024],
    args: ["--simulate-gpus"],
    env: { HF_ENDPOINT: hub.url },
  });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
  await repositories[Symbol.asyncDispose]();
});

async function succeed(client: ModalClient, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await client.modal(args, { cwd: apps });
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

/** Names of the files that were sent whole since `from`. */
function bodies(from: number): string[] {
  const sent = hub.requests
    .slice(from)
    .filter(({ method, path }) => method === "GET" && path.includes("/resolve/"));
  return sent.map(({ path }) => path);
}

test(
  "weights put into the image by @build serve from it, downloaded once for all clients of 2024 [A1, A5, C1, C2, C4, C10, C14, C15, F1, F2, Q2, Q5]",
  { timeout: 900_000 },
  async () => {
    const early = await ModalClient.open(modalVersions.early2024, server.dataDirectory);
    await succeed(early, ["run", "tiny_models.py"]);
    await succeed(early, ["volume", "get", "tiny-models", "stabilityai", repositories.path]);

    const before = hub.requests.length;
    expect(await succeed(early, ["run", "image_weights.py"])).toContain("image of 64 x 64");
    const first = bodies(before);
    expect(first.some((path) => path.endsWith("/unet/diffusion_pytorch_model.safetensors"))).toBe(true);

    // The class asks the hub by name when it starts, as the page's code does, and finds all files in the image.
    const built = hub.requests.length;
    expect(await succeed(early, ["run", "image_weights.py"])).toContain("image of 64 x 64");
    const late = await ModalClient.open(modalVersions.late2024, server.dataDirectory);
    expect(await succeed(late, ["run", "image_weights.py"])).toContain("image of 64 x 64");
    expect(hub.requests.length).toBeGreaterThan(built);
    expect(bodies(built)).toEqual([]);
  },
);

test.for([modalVersions.early2024, modalVersions.late2024])(
  "client %s: weights trained into a volume with _allow_background_volume_commits serve by __init__ arguments and reload() [A2, K1, L1, M1, N7, O2, O3, P1, P2, P4]",
  { timeout: 600_000 },
  async (version) => {
    const client = await ModalClient.open(version, server.dataDirectory);
    const printed = await succeed(client, ["run", "volume_weights.py"]);
    expect(printed).toContain("shallow 1 [1]");
    expect(printed).toContain("deep 4 [2]");
    expect(await succeed(client, ["volume", "ls", "model-weights-vol"])).toContain("shallow");
  },
);
