import { join } from "node:path";
import { checkout } from "@dorian/testkit/checkout";
import { ModalClient, modalVersions, type ModalVersion } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { StandInHub } from "@dorian/testkit/stand-in-hub";
import { temporaryDirectory, type TemporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const versions = [modalVersions.newest, modalVersions.between] as const;
const versionsOf2024 = [modalVersions.early2024, modalVersions.late2024] as const;
const examples = join(checkout, "examples/storing-model-weights");
/** All clients build for one builder version here, and all images begin as those of the example do: PyTorch is installed once. */
const env = { MODAL_IMAGE_BUILDER_VERSION: "2024.04" };
const timeout = 180_000;

const app = `
import os, threading
import modal

image = (
    modal.Image.debian_slim("3.11")
    # The CPU build of PyTorch; the one of the package index brings gigabytes for GPUs.
    .run_commands("apt-get update && apt-get install -y --no-install-recommends python3-torch python3-pil")
    .pip_install(
        "huggingface_hub==0.21.4",
        "diffusers==0.27.2",
        "transformers==4.38.2",
        "numpy<2",
    )
    .pip_install("scikit-learn", "safetensors")
)
app = modal.App("NAME", image=image)
weights = modal.Volume.from_name("NAME-weights", create_if_missing=True)
guide = modal.Volume.from_name("NAME-guide", create_if_missing=True)

with image.imports():
    import numpy as np
    import torch

@app.function()
def classify():
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split
    features, labels = load_iris(return_X_y=True)
    split = train_test_split(features, labels, random_state=0)
    forest = RandomForestClassifier(n_estimators=20, random_state=0, n_jobs=2).fit(split[0], split[2])
    return float(forest.score(split[1], split[3])), forest.predict(np.array([[6.5, 3.0, 5.5, 2.0]])).tolist()

def file_of(model_id):
    return f"/weights/{model_id}/net.safetensors"

@app.function(volumes={"/weights": weights})
def train(model_id, slope, commit=True):
    from safetensors.torch import save_file
    torch.manual_seed(0)
    net = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    x = torch.linspace(-1, 1, 32).reshape(-1, 1)
    for _ in range(300):
        optimizer.zero_grad()
        loss = ((net(x) - slope * x) ** 2).mean()
        loss.backward()
        optimizer.step()
    os.makedirs(os.path.dirname(file_of(model_id)), exist_ok=True)
    save_file(net.state_dict(), file_of(model_id))
    torch.save(net.state_dict(), f"/weights/{model_id}/net.pt")
    if commit:
        weights.commit()
    return loss.item()

@app.cls(volumes={"/weights": weights})
class Model:
    model_id: str = modal.parameter()

    @modal.enter()
    def load(self):
        self.loads = getattr(self, "loads", 0) + 1
        self.read()

    def read(self):
        from safetensors.torch import load_file
        self.net = torch.nn.Linear(1, 1)
        self.net.load_state_dict(load_file(file_of(self.model_id)))
        same = torch.load(f"/weights/{self.model_id}/net.pt")
        assert all(torch.equal(same[name], value) for name, value in self.net.state_dict().items())

    @modal.method()
    def predict(self, x):
        with torch.no_grad():
            return round(self.net(torch.tensor([[float(x)]])).item(), 3)

    @modal.method()
    def whoami(self):
        return os.environ["MODAL_TASK_ID"], self.loads

    @modal.method()
    def fetch(self):
        weights.reload()
        self.read()

def generated(tokenizer, model, prompt):
    inputs = tokenizer(prompt, return_tensors="pt")
    tokens = model.generate(**inputs, max_new_tokens=8, do_sample=False, pad_token_id=0)
    return tokenizer.decode(tokens[0])

PROMPT = "the cat sat"

@app.function(volumes={"/weights": weights})
def make_language_model():
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
    words = ["<pad>", "<unk>", *"the a cat dog sat ran on under mat tree and then slept again".split()]
    split = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))
    split.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=split, unk_token="<unk>", pad_token="<pad>")
    torch.manual_seed(0)
    shape = {"n_layer": 2, "n_head": 2, "n_embd": 32, "n_positions": 64, "vocab_size": len(words)}
    model = GPT2LMHeadModel(GPT2Config(bos_token_id=0, eos_token_id=0, **shape)).eval()
    model.save_pretrained("/weights/language")
    tokenizer.save_pretrained("/weights/language")
    weights.commit()
    return generated(tokenizer, model, PROMPT)

@app.cls(volumes={"/weights": weights})
class Language:
    @modal.enter()
    def load(self):
        from transformers import AutoModelForCausalLM, AutoTokenizer
        self.tokenizer = AutoTokenizer.from_pretrained("/weights/language")
        self.model = AutoModelForCausalLM.from_pretrained("/weights/language").eval()

    @modal.method()
    def generate(self, prompt):
        return generated(self.tokenizer, self.model, prompt)

    @modal.method()
    def stream(self, prompt):
        yield from generated(self.tokenizer, self.model, prompt).split()

@app.function(volumes={"/root/foo": guide})
def f(name):
    with open(f"/root/foo/{name}", "w") as file:
        file.write("hello")
    guide.commit()

@app.function(volumes={"/root/bar": guide}, max_containers=1)
def g(reload):
    if reload:
        guide.reload()
    return os.environ["MODAL_TASK_ID"], sorted(os.listdir("/root/bar"))

barrier = threading.Barrier(4)

@app.function(max_containers=1)
@modal.concurrent(max_inputs=4)
def together(n):
    barrier.wait(timeout=60)
    return n, os.environ["MODAL_TASK_ID"]
`;

/** What every program begins with. It runs where there is no PyTorch. */
const opening = `
import modal, sys
name = sys.argv[1]
def fn(tag):
    return modal.Function.from_name(name, tag)
def cls(tag):
    return modal.Cls.from_name(name, tag)
`;

let sources: TemporaryDirectory;
let repositories: TemporaryDirectory;
let hub: StandInHub;
let server: RunningServer;
const clients = new Map<ModalVersion, ModalClient>();

beforeAll(async () => {
  repositories = await temporaryDirectory();
  hub = await StandInHub.start(repositories.path);
  server = await runningServer({
    clients: Object.values(modalVersions),
    args: ["--simulate-gpus"],
    env: { HF_ENDPOINT: hub.url },
  });
  sources = await temporaryDirectory(
    Object.fromEntries(
      versions.map((version) => [`${nameOf(version)}.py`, app.replaceAll("NAME", nameOf(version))]),
    ),
  );
  for (const version of versions) {
    const client = await ModalClient.open(version, server.dataDirectory);
    clients.set(version, client);
    const deployed = await client.modal(["deploy", `${nameOf(version)}.py`], { cwd: sources.path, env });
    expect(deployed.code, deployed.stdout + deployed.stderr).toBe(0);
  }
}, 900_000);

afterAll(async () => {
  await sources[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
  await repositories[Symbol.asyncDispose]();
});

function nameOf(version: ModalVersion): string {
  return `workloads-${version.replaceAll(".", "-")}`;
}

/** Runs a program, which fails by its own assertions, in a process that knows the app by its name only. */
async function program(version: ModalVersion, statements: string): Promise<string> {
  const client = clients.get(version);
  if (!client) throw new Error(`There is no client ${version}.`);
  const script = `${opening}${statements}\nprint("done")`;
  const { code, stdout, stderr } = await client.python(["-c", script, nameOf(version)]);
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

test.for(versions)(
  "client %s: scikit-learn trains and predicts with numpy [B1, R3]",
  { timeout },
  async (version) => {
    const printed = await program(
      version,
      `
score, labels = fn("classify").remote()
assert score > 0.9 and labels == [2], (score, labels)
`,
    );
    expect(printed).toContain("done");
  },
);

test.for(versions)(
  "client %s: PyTorch trains into a volume; a class serves each model from a container of its own, found by name [A2, J1, K1, K2, K4, L1, L2, O2, O3, P1, P2, P3, P4, P9, P11, R1, R2]",
  { timeout },
  async (version) => {
    const printed = await program(
      version,
      `
Model = cls("Model")
assert fn("train").remote("double", 2) < 1e-3
assert fn("train").remote("triple", 3) < 1e-3
double, triple = Model(model_id="double"), Model(model_id="triple")
assert [double.predict.remote(x) for x in (1, 2)] == [2.0, 4.0]
assert list(triple.predict.map([1, 2])) == [3.0, 6.0]
tasks = [model.whoami.remote() for model in (double, triple, Model(model_id="double"))]
assert tasks[0] == tasks[2] and tasks[0][0] != tasks[1][0], tasks
assert [loads for _, loads in tasks] == [1, 1, 1], tasks

# Trained again while it serves: new weights arrive when it asks for them.
fn("train").remote("double", 5)
assert double.predict.remote(1) == 2.0
double.fetch.remote()
assert double.predict.remote(1) == 5.0

try:
    Model(model_id="none").predict.remote(1)
    raise AssertionError("a model that was never trained was served")
except FileNotFoundError as error:
    assert "none" in str(error), error
assert triple.predict.remote(1) == 3.0
`,
    );
    expect(printed).toContain("done");
  },
);

test.for(versions)(
  "client %s: weights that training did not commit are there when it has returned [M1, M7, O1]",
  { timeout },
  async (version) => {
    const printed = await program(
      version,
      `
fn("train").remote("half", 0.5, commit=False)
assert cls("Model")(model_id="half").predict.remote(4) == 2.0
`,
    );
    expect(printed).toContain("done");
  },
);

test.for(versions)(
  "client %s: a transformers model and its tokenizer, saved in a volume, generate what they did before [K6, L1, O1, O2]",
  { timeout },
  async (version) => {
    const printed = await program(
      version,
      `
expected = fn("make_language_model").remote()
assert expected.startswith("the cat sat "), expected
language = cls("Language")()
assert language.generate.remote("the cat sat") == expected
assert list(language.stream.remote_gen("the cat sat")) == expected.split()
`,
    );
    expect(printed).toContain("done");
  },
);

test.for(versions)(
  "client %s: a running container sees another's commit after volume.reload() and not before [K2, L2, N1, N2]",
  { timeout },
  async (version) => {
    const printed = await program(
      version,
      `
import time
f, g = fn("f"), fn("g")
task, seen = g.remote(True)
for name in (f"{time.time_ns()}.txt" for _ in range(2)):
    f.remote(name)
    assert g.remote(False) == (task, seen)
    seen = sorted([*seen, name])
    assert g.remote(True) == (task, seen)
`,
    );
    expect(printed).toContain("done");
  },
);

test.for(versions)(
  "client %s: inputs of a function with @modal.concurrent run in one container at the same time [R1]",
  { timeout },
  async (version) => {
    const printed = await program(
      version,
      `
results = list(fn("together").map(range(4)))
assert [n for n, _ in results] == [0, 1, 2, 3]
assert len({task for _, task in results}) == 1, results
`,
    );
    expect(printed).toContain("done");
  },
);

/** A command about the apps of the example. */
async function succeed(client: ModalClient, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await client.modal(args, { cwd: examples, env });
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

test.for(versionsOf2024)(
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
