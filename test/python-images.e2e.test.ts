import { printedBy } from "@dorian/testkit/app-run";
import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: RunningServer;
let newest: ModalClient;
let old: ModalClient;

beforeAll(async () => {
  server = await runningServer({ clients: [modalVersions.newest, modalVersions.late2024] });
  newest = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  old = await ModalClient.open(modalVersions.late2024, server.dataDirectory);
});

afterAll(() => server[Symbol.asyncDispose]());

const files = {
  "requirements.txt": "six==1.16.0\n",
  "pyproject.toml": [
    "[project]",
    'name = "demo"',
    'version = "0.1.0"',
    'requires-python = ">=3.11"',
    'dependencies = ["six==1.16.0"]',
    "[project.optional-dependencies]",
    'more = ["idna"]',
    "",
  ].join("\n"),
  "local.txt": "a local file\n",
  "helper/__init__.py": "ANSWER = 42\n",
  "helper/data/words.txt": "words\n",
  "docker/Dockerfile": [
    "# syntax=docker/dockerfile:1",
    "ARG PY=3.11",
    "FROM python:${PY}-slim AS builder",
    "RUN <<END",
    "echo built > /built",
    "END",
    "FROM python:3.11.8-slim-bookworm",
    "ARG GREETING=hello",
    'ENV WHO="wor ld" \\',
    "    OTHER=2",
    "COPY --from=builder /built /built",
    "COPY data /data",
    "COPY --chmod=755 script.sh /usr/local/bin/",
    'RUN echo "$GREETING $WHO" > /greeting && \\',
    "    # said by the script",
    "    script.sh",
    "WORKDIR /srv",
    'CMD ["python3"]',
    "",
  ].join("\n"),
  "docker/.dockerignore": "**/*.log\n",
  "docker/data/kept.txt": "kept\n",
  "docker/data/ignored.log": "ignored\n",
  "docker/script.sh": "#!/bin/sh\necho a script ran\n",
};

interface Built {
  code: number | null;
  output: string;
  /** By the name of the image: its id, or what went wrong. */
  images: Record<string, { id: string } | { error: string }>;
  facts: Record<string, unknown>;
}

/** Builds images, given as expressions in which `d` is Debian with Python; `more` are further lines. */
async function build(
  images: Record<string, string>,
  options: { env?: Record<string, string>; more?: string[] } = {},
): Promise<Built> {
  const script = [
    "import json, modal, os, sys",
    'app = modal.App.lookup("images", create_if_missing=True)',
    'd = modal.Image.debian_slim("3.11")',
    "from modal._utils.async_utils import synchronizer",
    "def fact(name, value): print('FACT', json.dumps([name, value]), flush=True)",
    "def metadata(image): return synchronizer._translate_in(image)._metadata",
    "built = {}",
    "def build(name, image):",
    "    try:",
    "        with modal.enable_output():",
    "            image.build(app)",
    "        built[name] = image",
    "        print('IMAGE', json.dumps([name, {'id': image.object_id}]), flush=True)",
    "    except Exception as error:",
    "        print('IMAGE', json.dumps([name, {'error': str(error)}]), flush=True)",
    ...Object.entries(images).map(([name, image]) => `build("${name}", ${image})`),
    ...(options.more ?? []),
  ];
  await using project = await temporaryDirectory({ ...files, "build.py": script.join("\n") });
  const { env = {} } = options;
  const { code, stdout, stderr } = await newest.python(["build.py"], { cwd: project.path, env });
  const marked = (mark: string) =>
    Object.fromEntries(
      [...stdout.matchAll(new RegExp(`^${mark} (.*)$`, "gm"))].map(
        ([, json = ""]) => JSON.parse(json) as [string, never],
      ),
    );
  return { code, output: stdout + stderr, images: marked("IMAGE"), facts: marked("FACT") };
}

function expectBuilt(result: Built, names: string[]): void {
  expect(result.images, result.output).toEqual(
    Object.fromEntries(names.map((name) => [name, { id: expect.stringMatching(/^im-/) }])),
  );
}

const hasSix = `python -c 'import six; assert six.__version__ == "1.16.0"'`;
const installing = {
  pip: `d.pip_install("six==1.16.0", extra_options="--no-deps", pre=True).run_commands(${JSON.stringify(hasSix)})`,
  requirements: `d.pip_install_from_requirements("requirements.txt").run_commands(${JSON.stringify(hasSix)})`,
  pyproject: `d.pip_install_from_pyproject("pyproject.toml", optional_dependencies=["more"]).run_commands(${JSON.stringify(hasSix)}, "python -c 'import idna'")`,
  uv: `d.uv_pip_install("six==1.16.0").run_commands(${JSON.stringify(hasSix)})`,
  uvSync: `d.uv_sync(".").run_commands(${JSON.stringify(hasSix)})`,
  apt: `d.apt_install("hello").run_commands("hello")`,
};

test("packages come by pip, uv and apt, from files and lists, and the second time nothing is built [B1][B3][B13]", async () => {
  const first = await build(installing);
  expectBuilt(first, Object.keys(installing));
  expect(first.output).toContain("Hello, world!");
  expect(first.output).toContain("was made from the wheel of uv");
  const second = await build(installing);
  expect(second.images).toEqual(first.images);
  expect(second.output).not.toContain("=> Step");
});

test("steps set variables, directory, shell and commands, and copy local files [B2]", async () => {
  const quoted = `test "$A" = "x y" && test "$B" = "it's" && test $(pwd) = /work`;
  const result = await build({
    settings: `d.env({"A": "x y", "B": "it's"}).workdir("/work").run_commands(${JSON.stringify(quoted)})`,
    shell: `d.shell(["/bin/bash", "-c"]).run_commands("[[ 1 == 1 ]] && echo bash $BASH_VERSION")`,
    entry: `d.entrypoint(["/bin/sh"]).cmd(["sleep", "1"])`,
    lines: `d.dockerfile_commands(["RUN echo a \\\\", "    b > /ab", "RUN grep 'a b' /ab", ""], "ENV Z=1")`,
    local: `d.add_local_file("local.txt", "/x/local.txt", copy=True).add_local_dir("helper", "/root/copied", copy=True).add_local_python_source("helper", copy=True).run_commands("cat /x/local.txt /root/copied/data/words.txt; cd /root && python -c 'import helper; print(\\"the answer is\\", helper.ANSWER)'")`,
    scratch: `modal.Image.from_scratch().add_local_file("local.txt", "/bin/tool", copy=True)`,
  });
  expectBuilt(result, ["settings", "shell", "entry", "lines", "local", "scratch"]);
  expect(result.output).toMatch(/^bash 5\./m);
  expect(result.output).toContain("a local file\nwords\nthe answer is 42");
});

test("a Dockerfile is built with its stages, arguments and context; what differs of its base is said", async () => {
  const look = "cat /greeting /built; ls /data; pwd; python --version";
  const result = await build({
    docker: `modal.Image.from_dockerfile("docker/Dockerfile", context_dir="docker", build_args={"GREETING": "bye"}).run_commands("${look}")`,
  });
  expectBuilt(result, ["docker"]);
  expect(result.output).toContain("a script ran");
  expect(result.output).toContain("bye wor ld\nbuilt\nkept.txt\n/srv\nPython 3.11.");
  expect(result.output).toMatch(
    /python:3\.11\.8-slim-bookworm was put together from Debian bookworm .*: Python 3\.11\.\d+ stands in for 3\.11\.8/,
  );
});

test("images have what their files say: Python, packages, directory, C library, builder", async () => {
  const result = await build(
    { six: `d.pip_install("six==1.16.0").workdir("/work")` },
    {
      more: [
        "found = metadata(built['six'])",
        "fact('python', found.python_version_info)",
        "fact('six', found.python_packages['six'])",
        "fact('workdir', found.workdir)",
        "fact('libc', found.libc_version_info)",
        "fact('builder', found.image_builder_version)",
      ],
    },
  );
  expectBuilt(result, ["six"]);
  expect(result.facts).toEqual({
    python: expect.stringMatching(/^Python 3\.11\.\d+$/),
    six: "1.16.0",
    workdir: "/work",
    libc: "glibc 2.36",
    builder: "2025.06",
  });
});

test("secrets are variables of the steps they are given to and are not in the image [B11]", async () => {
  const result = await build({
    secret: `d.run_commands("echo saw-$TOKEN", secrets=[modal.Secret.from_dict({"TOKEN": "secret-4711"})]).run_commands("echo then-[$TOKEN]; ! grep -r secret-4711 /etc /root /tmp /home")`,
  });
  expectBuilt(result, ["secret"]);
  expect(result.output).toContain("saw-secret-4711");
  expect(result.output).toContain("then-[]");
});

test("a value that a step is given changes the step; a GPU that no worker has is said to be missing", async () => {
  const step = (value: string) => `d.run_commands("echo value-$VALUE", env={"VALUE": "${value}"})`;
  const result = await build({
    one: step("one"),
    two: step("two"),
    gpu: `d.run_commands("true", gpu="H100")`,
  });
  expect(result.output).toMatch(/^value-one$/m);
  expect(result.output).toMatch(/^value-two$/m);
  expect(result.images["gpu"]).toEqual({ error: expect.stringContaining("no worker has a GPU") });
});

test("a volume in a build is written and committed, and is not in the image [D4]", async () => {
  const result = await build({
    volume: `d.run_commands("echo kept > /cache/file", volumes={"/cache": modal.Volume.from_name("build-cache", create_if_missing=True)}).run_commands("echo image has: $(ls /cache 2>/dev/null)")`,
  });
  expectBuilt(result, ["volume"]);
  expect(result.output).toMatch(/^image has:$/m);
  const listed = await newest.modal(["volume", "ls", "build-cache"]);
  expect(listed.stdout, listed.stderr).toContain("file");
});

test("a failed build names its image and is not remembered; what cannot be had is said with what can [B8][B10]", async () => {
  const result = await build({
    failing: `d.run_commands("echo before; exit 3")`,
    python: `modal.Image.from_registry("python:3.4-slim")`,
    micromamba: `modal.Image.micromamba("3.11")`,
  });
  expect(result.images).toEqual({
    failing: {
      error: expect.stringMatching(/Image build for im-\w{22} failed[\s\S]*exit 3" ended with code 3/),
    },
    python: { error: expect.stringMatching(/Python 3\.4.*Choose one of .*3\.11/s) },
    micromamba: { error: expect.stringMatching(/modal\.Image\.debian_slim\(\)\.pip_install/) },
  });
  const again = await build({ failing: `d.run_commands("echo before; exit 3")` });
  expect(again.output).toMatch(/^before$/m);
});

test("a forced build is what later runs get; one that ignores the cache is not [B6]", async () => {
  const image = {
    mark: `modal.Image.from_registry("debian:bookworm-slim").run_commands("cat /proc/sys/kernel/random/uuid")`,
  };
  const [normal, forced, after, ignored, last] = [
    await build(image),
    await build(image, { env: { MODAL_FORCE_BUILD: "1" } }),
    await build(image),
    await build(image, { env: { MODAL_IGNORE_CACHE: "1" } }),
    await build(image),
  ].map((result) => JSON.stringify(result.images["mark"]));
  expect(forced).not.toBe(normal);
  expect(after).toBe(forced);
  expect(ignored).not.toBe(forced);
  expect(last).toBe(forced);
});

test("two clients that ask for one image at once share its build [B9]", async () => {
  const image = { shared: `d.run_commands("sleep 2; echo shared-build")` };
  const [one, two] = await Promise.all([build(image), build(image)]);
  expectBuilt(one, ["shared"]);
  expect(two.images).toEqual(one.images);
});

test("images are published under names, found by them and by id, listed and replaced", async () => {
  const result = await build(
    { first: `d.env({"WHICH": "first"})`, second: `d.env({"WHICH": "second"})` },
    {
      more: [
        'built["first"].publish("my-image")',
        'built["second"].publish("my-image")',
        'build("named", modal.Image.from_name("my-image").run_commands("echo which=$WHICH"))',
        'build("by_id", modal.Image.from_id(built["first"].object_id))',
      ],
    },
  );
  expectBuilt(result, ["first", "second", "named", "by_id"]);
  expect(result.output).toContain("which=second");
  expect(result.images["by_id"]).toEqual(result.images["first"]);
  const app = `
import { App, Image } from "dorian";
export const app = new App("found-by-name", { image: Image.fromName("my-image") });
export const which = app.function({ name: "which" }, async () => process.env.WHICH);
app.localEntrypoint(async () => {
  await Image.fromName("my-image").env({ WHICH: "third" }).publish("my-image:v3");
  console.log("> " + JSON.stringify(await which.remote()));
});
`;
  expect(await printedBy(server.dataDirectory, app)).toEqual(["second"]);
  const fromTypeScript = await build({
    third: `modal.Image.from_name("my-image:v3").run_commands("echo and=$WHICH")`,
  });
  expect(fromTypeScript.output).toContain("and=third");
  const listed = await newest.modal(["image", "names", "list"]);
  expect(listed.stdout, listed.stderr).toContain("my-image:latest");
  const missing = await build({ missing: `modal.Image.from_name("no-such-image").run_commands("true")` });
  expect(missing.images["missing"]).toEqual({
    error: expect.stringContaining("Image 'no-such-image:latest' not found"),
  });
});

test("the client of 2024 builds its images with its own methods and runs functions on them", async () => {
  const app = [
    "import modal, os",
    'app = modal.App("old-images")',
    'image = (modal.Image.debian_slim("3.11").pip_install("six==1.16.0").env({"A": "x y"}).workdir("/work")',
    '    .copy_local_file("local.txt", "/x/local.txt").copy_local_dir("helper", "/root/copied")',
    '    .copy_mount(modal.Mount.from_local_file("local.txt", remote_path="/mounted.txt"), remote_path="/y")',
    '    .run_commands("python -c \'import six; open(\\"/six\\", \\"w\\").write(six.__version__)\'"))',
    "@app.function(image=image)",
    "def look():",
    "    read = lambda path: open(path).read().strip()",
    '    return [read("/x/local.txt"), read("/root/copied/data/words.txt"), read("/y/mounted.txt"), read("/six"), os.environ["A"], os.getcwd()]',
    "@app.local_entrypoint()",
    "def main():",
    '    print("SAW", look.remote())',
  ];
  await using project = await temporaryDirectory({ ...files, "app.py": app.join("\n") });
  const run = await old.modal(["run", "app.py"], { cwd: project.path });
  expect(run.stdout + run.stderr).toContain(
    "SAW ['a local file', 'words', 'a local file', '1.16.0', 'x y', '/work']",
  );
});
