import { expect, test } from "vitest";
import { Volume } from "../volume/volume.ts";
import { Image } from "./image.ts";
import { npmPackageName } from "./npm-package-name.ts";

const refused = (code: string) => expect.objectContaining({ code, status: "INVALID_ARGUMENT" });

/** The lines of an image's steps, from its base up. */
function lines(image: Image | undefined): string[] {
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
