import { expect, test } from "vitest";
import { Secret } from "../secret/secret.ts";
import { Volume } from "../volume/volume.ts";
import type { ImageDefinition } from "./image-definition.ts";
import { Image } from "./image.ts";
import { npmPackageName } from "./npm-package-name.ts";

const refused = (code: string) => expect.objectContaining({ code, status: "INVALID_ARGUMENT" });

/** The lines of an image's steps, from its base up. */
function lines(image: ImageDefinition | undefined): string[] {
  if (!image) return [];
  return [
    ...lines(image.base),
    ...(image.step.kind === "commands" ? image.step.lines : [`function ${image.step.name}`]),
  ];
}

test("a step makes a new image and leaves the old one as it was", () => {
  const base = Image.debianSlim();
  const [before, left, right] = [lines(base), base.runCommands("echo left"), base.runCommands("echo right")];
  expect(lines(base)).toEqual(before);
  expect([left.base, right.base]).toEqual([base, base]);
  expect(lines(left)).toEqual([...before, "RUN echo left"]);
  expect(lines(right)).toEqual([...before, "RUN echo right"]);
});

test("every image begins with its base and Node", () => {
  expect(lines(Image.debianSlim())).toEqual(["FROM debian:bookworm-slim", "COPY --from=dorian/node:24 / /"]);
  expect(lines(Image.fromRegistry("ghcr.io/team/x:1"))[0]).toBe("FROM ghcr.io/team/x:1");
  for (const reference of ["", "a b", "a\nRUN x", undefined as unknown as string]) {
    expect(() => Image.fromRegistry(reference)).toThrow(refused("IMAGE_REFERENCE_INVALID"));
  }
  expect(() => new (Image as unknown as new () => Image)()).toThrow(refused("IMAGE_EMPTY"));
});

test("an image knows the npm packages of all its steps", () => {
  const base = Image.debianSlim().npmInstall("onnxruntime-node@1.24", "@huggingface/hub");
  const more = base.runCommands("true").npmInstall("csv-parse");
  expect([...base.npmPackages]).toEqual(["onnxruntime-node", "@huggingface/hub"]);
  expect([...more.npmPackages]).toEqual(["onnxruntime-node", "@huggingface/hub", "csv-parse"]);
  expect(npmPackageName("@scope/name@^1.2")).toBe("@scope/name");
});

test("installing nothing is no step; an empty name is an error", () => {
  const base = Image.debianSlim();
  expect([base.aptInstall(), base.npmInstall(), base.pipInstall(), base.runCommands(), base.env({})]).toEqual(
    Array.from({ length: 5 }, () => base),
  );
  for (const method of ["aptInstall", "npmInstall", "pipInstall", "runCommands"] as const) {
    expect(() => base[method](" ")).toThrow(refused("IMAGE_STEP_EMPTY"));
    expect(() => base[method](["a", "b"] as never)).toThrow(refused("IMAGE_STEP_INVALID"));
  }
});

test("Python is installed once, before the first Python package", () => {
  const pythons = (image: Image) => lines(image).filter((line) => line.includes("python3-pip")).length;
  const once = Image.debianSlim().pipInstall("numpy").pipInstall("scipy");
  expect(pythons(once)).toBe(1);
  expect(pythons(Image.debianSlim().aptInstall("python3-pip").pipInstall("numpy"))).toBe(1);
  expect(lines(once).findIndex((line) => line.includes("python3-pip"))).toBeLessThan(
    lines(once).findIndex((line) => line.includes("numpy")),
  );
});

test("packages are words of their own to the shell", () => {
  const [line = ""] = lines(Image.debianSlim().pipInstall("numpy>=2", "a; rm -rf /")).slice(-1);
  expect(line).toContain("'numpy>=2' 'a; rm -rf /'");
});

test("forceBuild goes with the step it is given to", () => {
  const image = Image.debianSlim().aptInstall("git", { forceBuild: true });
  expect([image.base?.step.forceBuild, image.step.forceBuild]).toEqual([false, true]);
});

test("files that are added at start come last, unless they are copied", () => {
  const mounted = Image.debianSlim().addLocalFile("iris.csv", "/root/iris.csv");
  expect(mounted.mounted).toMatchObject([{ kind: "file", remotePath: "/root/iris.csv" }]);
  expect(() => mounted.aptInstall("git")).toThrow(refused("IMAGE_STEP_AFTER_MOUNT"));
  const copied = Image.debianSlim().addLocalDir("src", "/root/src", { copy: true }).aptInstall("git");
  expect(copied.mounted).toEqual([]);
  expect(copied.base?.step).toMatchObject({ context: [{ kind: "directory", localPath: "src" }] });
  expect(() => Image.debianSlim().addLocalFile("a", "b")).toThrow(refused("IMAGE_PATH_INVALID"));
});

test("a Dockerfile's lines may not begin another image [D3]", () => {
  expect(() => Image.debianSlim().dockerfileCommands(["RUN true", " from scratch"])).toThrow(
    refused("IMAGE_STEP_INVALID"),
  );
  expect(lines(Image.debianSlim().dockerfileCommands("RUN a\nRUN b")).slice(-2)).toEqual(["RUN a", "RUN b"]);
});

async function download(model: string) {
  return model;
}

test("a build function is a step of its own, with its arguments and options [D2]", () => {
  const volumes = { "/vol": Volume.fromName("weights") };
  const image = Image.debianSlim().runFunction(download, {
    args: ["iris"],
    gpu: "any",
    volumes,
    timeout: 60,
  });
  expect(image.step).toMatchObject({
    kind: "function",
    name: "download",
    run: download,
    options: { args: ["iris"], gpu: "any", volumes, timeout: 60 },
  });
});

test("a build function's volumes are checked [D2] [K3]", () => {
  const root = { volumes: { "/": Volume.fromName("weights") } };
  expect(() => Image.debianSlim().runFunction(download, root)).toThrow(refused("VOLUME_PATH_INVALID"));
  expect(() => Image.debianSlim().runCommands("true", root)).toThrow(refused("VOLUME_PATH_INVALID"));
});

test.for<[string, unknown]>([
  ["a function without a name", () => undefined],
  ["a string", "download"],
  ["nothing", undefined],
  ["the result of a call", download("iris")],
  ["a bound function", download.bind(undefined, "x")],
])("%s is no build function [D3]", ([, run]) => {
  expect(() => Image.debianSlim().runFunction(run as typeof download)).toThrow(
    refused("BUILD_FUNCTION_INVALID"),
  );
});

test("two different build functions of one name are refused [D3]", () => {
  const make = (text: string) => ({
    download: {
      async fetch() {
        return text;
      },
    },
  });
  const other = {
    async fetch() {
      return "other";
    },
  };
  Image.debianSlim().runFunction(make("a").download.fetch);
  expect(() => Image.debianSlim().runFunction(make("b").download.fetch)).not.toThrow();
  expect(() => Image.debianSlim().runFunction(other.fetch)).toThrow(refused("BUILD_FUNCTION_INVALID"));
});

test("a GPU that nobody makes is refused in a build step", () => {
  expect(() => Image.debianSlim().runCommands("true", { gpu: "" })).toThrow(refused("GPU_INVALID"));
});

test("an image of a registry, a Dockerfile or a name gets Node; only what was published may start something of its own", () => {
  const node = "COPY --from=dorian/node:24 / /";
  const secret = Secret.fromName("login");
  expect(lines(Image.fromRegistry("ghcr.io/team/x:1"))).toEqual([
    "FROM ghcr.io/team/x:1",
    node,
    "ENTRYPOINT []",
  ]);
  for (const [image, kind] of [
    [Image.fromRegistry("ghcr.io/team/x:1", { secret }), "static"],
    [Image.fromAwsEcr("1.dkr.ecr.eu-west-1.amazonaws.com/x:1", secret), "aws"],
    [Image.fromGcpArtifactRegistry("europe-docker.pkg.dev/x:1", secret), "gcp"],
  ] as const)
    expect(image.step).toMatchObject({ registry: { kind, secret }, secrets: [] });
  const docker = Image.fromDockerfile("docker/Dockerfile", { buildArgs: { A: "1" } });
  expect(lines(docker)).toEqual([node, "ENTRYPOINT []"]);
  expect(docker.base?.step).toMatchObject({
    dockerfile: "docker/Dockerfile",
    copied: { path: "docker" },
    buildArgs: { A: "1" },
  });
  expect(Image.fromName("tools", { environment: "dev" }).base?.step).toMatchObject({
    name: "tools",
    environment: "dev",
  });
  expect(Image.fromId("im-1").base?.step).toMatchObject({ kind: "existing", imageId: "im-1" });
  for (const make of [Image.fromName, Image.fromId])
    expect(() => make("")).toThrow(refused("IMAGE_REFERENCE_INVALID"));
  expect(() => Image.fromDockerfile("Dockerfile", { ignore: ["["] })).toThrow(
    refused("IMAGE_IGNORE_INVALID"),
  );
});

test("programs and users of an image are one line each, whatever is in them", () => {
  const base = Image.debianSlim();
  const last = (image: Image) => lines(image).at(-1);
  expect(last(base.entrypoint(["/bin/sh", "-c", 'a "b"\nc']))).toBe(
    String.raw`ENTRYPOINT ["/bin/sh","-c","a \"b\"\nc"]`,
  );
  expect(last(base.shell(["/bin/bash", "-c"]))).toBe('SHELL ["/bin/bash","-c"]');
  expect(last(base.shell(["/bin/bash", "-c"]).runCommands("[[ a ]]"))).toBe(
    'RUN ["/bin/bash","-c","[[ a ]]"]',
  );
  expect(last(base.cmd([]))).toBe("CMD []");
  expect(() => base.shell([])).toThrow(refused("IMAGE_STEP_EMPTY"));
  expect(last(base.user("1000:1000"))).toBe("USER 1000:1000");
  for (const user of ["", "a b", "a\nRUN x", "$A"])
    expect(() => base.user(user)).toThrow(refused("IMAGE_USER_INVALID"));
  for (const words of ["sh", [1], ["a\0"]])
    expect(() => base.entrypoint(words as never)).toThrow(refused("IMAGE_STEP_INVALID"));
});

test("what installs Python packages is told its options, and its own options are no packages", () => {
  const base = Image.debianSlim();
  const options = { indexUrl: "http://a/b c", pre: true, extraOptions: "--no-deps" };
  expect(lines(base.pipInstall("six", options)).at(-1)).toMatch(
    / --index-url 'http:\/\/a\/b c' --pre --no-deps six$/,
  );
  const uv = base.uvPipInstall("six", {
    ...options,
    requirements: ["a/requirements.txt", "b/requirements.txt"],
  });
  expect(lines(uv).at(-1)).toMatch(
    / --prerelease allow --no-deps -r \S+\/0\/requirements.txt -r \S+\/1\/requirements.txt six$/,
  );
  expect(uv.step).toMatchObject({
    context: [
      { localPath: "a/requirements.txt", remotePath: "/0/requirements.txt" },
      { localPath: "b/requirements.txt", remotePath: "/1/requirements.txt" },
    ],
  });
  expect(base.uvPipInstall()).toBe(base);
});

test("options are no names of packages: what installs never takes one for its own", () => {
  const base = Image.debianSlim();
  for (const method of ["aptInstall", "npmInstall", "pipInstall", "uvPipInstall"] as const) {
    expect(() => base[method]("git", "--pre")).toThrow(/^"--pre" is an option, not a package\.$/);
    expect(() => base[method]("-x")).toThrow(refused("IMAGE_STEP_INVALID"));
  }
});

test("a lockfile's packages come before others, by the package manager that wrote it", () => {
  const base = Image.debianSlim();
  const npm = base.npmInstallFrom("package.json", "package-lock.json", { files: [".npmrc"] });
  expect(lines(npm).at(-1)).toContain("npm ci --omit=dev");
  expect(npm.step).toMatchObject({
    context: [
      { remotePath: "/package.json" },
      { remotePath: "/package-lock.json" },
      { remotePath: "/.npmrc" },
    ],
  });
  expect(npm.npmInstall("left-pad").manifests).toEqual(["package.json"]);
  const pnpm = base.npmInstallFrom("package.json", "pnpm-lock.yaml");
  expect(lines(pnpm).at(-1)).toContain("install --prod --frozen-lockfile");
  expect(() => pnpm.npmInstall("left-pad")).toThrow(refused("IMAGE_STEP_INVALID"));
  for (const before of [npm, base.npmInstall("left-pad")])
    expect(() => before.npmInstallFrom("package.json", "package-lock.json")).toThrow(
      refused("IMAGE_STEP_INVALID"),
    );
  expect(() => base.npmInstall("left-pad", "--global")).toThrow(refused("IMAGE_STEP_INVALID"));
  expect(() => base.npmInstallFrom("package.json", "yarn.lock")).toThrow(refused("IMAGE_LOCKFILE_UNKNOWN"));
});

test("a step's environment is one more secret of it, and a build function's limits are checked [B11] [D2] [C11]", () => {
  const secrets = [Secret.fromName("hub")];
  const { step } = Image.debianSlim().runCommands("true", { secrets, env: { A: "1" } });
  expect(step).toMatchObject({ secrets: [{ name: "hub" }, { values: { A: "1" } }] });
  for (const options of [{ timeout: 0 }, { timeout: 86_401 }, { cpu: -1 }, { memory: Number.NaN }])
    expect(() => Image.debianSlim().runFunction(download, options as object)).toThrow(
      refused("OPTION_INVALID"),
    );
});
