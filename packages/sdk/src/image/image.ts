import { AppError } from "@dorian/base/app-error";
import type { AnyFunction } from "../any-function.ts";
import { gpuRequest, type GpuRequest } from "../gpu.ts";
import { Secret } from "../secret/secret.ts";
import { checkVolumeMounts } from "../volume/mount-paths.ts";
import type { Volume } from "../volume/volume.ts";
import { rememberBuildFunction } from "./build-functions.ts";
import { environmentLine, fromLine, runLine, shellQuote, workdirLine } from "./dockerfile-text.ts";
import { IgnorePatterns } from "../local/ignore-patterns.ts";
import { localPathOf } from "../local/local-path.ts";
import type { LocalSource } from "./local-source.ts";
import { npmPackageName } from "./npm-package-name.ts";

/** What every step of an image may be given. */
export interface StepOptions {
  /** Build this step, and all after it, even when it was built before; default false. */
  forceBuild?: boolean;
}

/** What a step that runs commands gets. */
export interface RunOptions extends StepOptions {
  /** Environment of the step alone; default: none. */
  secrets?: Secret[];
  /** By mount path. What the step writes there is committed when it has succeeded, and is no part of the image. Default: none. */
  volumes?: Record<string, Volume>;
  /** As of functions; default: none. */
  gpu?: string;
}

/** Of a function that runs while the image is built. */
export interface RunFunctionOptions extends RunOptions {
  /** Default: none. */
  args?: unknown[];
  /** Seconds; default 24 h. */
  timeout?: number;
  /** Cores; default 0.125. */
  cpu?: number;
  /** MiB; default 128. */
  memory?: number;
}

/** One step of an image's definition. */
export type ImageStep =
  | {
      kind: "commands";
      lines: string[];
      secrets: Secret[];
      volumes: Record<string, Volume>;
      gpu: GpuRequest | undefined;
      context: LocalSource[];
      forceBuild: boolean;
    }
  | { kind: "function"; name: string; run: AnyFunction; options: RunFunctionOptions; forceBuild: boolean };

interface ImageState {
  base: Image | undefined;
  step: ImageStep;
  npmPackages: ReadonlySet<string>;
  /** Whether it may hold npm packages that no step of it names: of others' images, and of commands, nobody knows. */
  mayHoldMore: boolean;
  /** Whether there is a Python with pip in it; nobody knows of images that others made. */
  python: "yes" | "no" | "unknown";
  /** Files that are laid over the image when a container starts. */
  mounted: LocalSource[];
}

/** How a local file is added. */
export interface LocalFileOptions {
  /** True: part of the image, for later steps too. False (default): added when a container starts, without a build. */
  copy?: boolean;
}

/** How a local directory is added. */
export interface LocalDirectoryOptions extends LocalFileOptions {
  /**
   * What to leave out, by the rules of `.dockerignore`: patterns count from the directory (`"*.log"`; at any depth `"**\/*.log"`), what is
   * below goes with a directory, and `"!keep.log"` brings back what a pattern before it left out. Default: nothing.
   */
  ignore?: readonly string[];
}

/**
 * What a container's root file system is made of. Each call adds a step and returns a new image; the old one stays as
 * it was, so that several images can share a base.
 *
 * @example
 * const image = Image.debianSlim().aptInstall("ffmpeg").npmInstall("onnxruntime-node@1.24");
 */
export class Image {
  #state: ImageState;

  private constructor(state: ImageState) {
    if (state === undefined) {
      throw new AppError("IMAGE_EMPTY", "An image cannot be made of nothing.", {
        status: "INVALID_ARGUMENT",
        remedy: "Begin with Image.debianSlim() or Image.fromRegistry(…), and add steps to it.",
      });
    }
    this.#state = state;
  }

  /** Debian, small, with Node 24 and npm. */
  static debianSlim(options: StepOptions = {}): Image {
    return Image.#from("debian:bookworm-slim", "no", options);
  }

  /** An image of an OCI registry, with Node 24 laid over it. @throws AppError IMAGE_REFERENCE_INVALID */
  static fromRegistry(reference: string, options: StepOptions = {}): Image {
    if (typeof reference !== "string" || !/^\S+$/.test(reference)) {
      throw new AppError(
        "IMAGE_REFERENCE_INVALID",
        `${JSON.stringify(reference)} is not an image reference.`,
        {
          status: "INVALID_ARGUMENT",
          remedy: 'Write it like "debian:bookworm-slim" or "registry.example/team/image:tag".',
        },
      );
    }
    return Image.#from(reference, "unknown", options);
  }

  static #from(reference: string, python: ImageState["python"], options: StepOptions): Image {
    const step = commands([`FROM ${reference}`, "COPY --from=dorian/node:24 / /"], options);
    const mayHoldMore = python === "unknown";
    return new Image({ base: undefined, step, npmPackages: new Set(), mayHoldMore, python, mounted: [] });
  }

  /** Installs Debian packages. */
  aptInstall(...packages: (string | StepOptions)[]): Image {
    const { names, options } = split("aptInstall", packages);
    if (names.length === 0) return this;
    const brought = names.includes("python3-pip") ? { python: "yes" as const } : {};
    return this.#add(commands([`RUN ${aptInstall(names)}`], options), brought);
  }

  /** Installs npm packages where user code finds them (`/root/node_modules`). */
  npmInstall(...packages: (string | StepOptions)[]): Image {
    const { names, options } = split("npmInstall", packages);
    if (names.length === 0) return this;
    const install = `npm install --no-audit --no-fund --loglevel=error --cache=/tmp/npm-cache ${names.map(shellQuote).join(" ")}`;
    const step = commands([`RUN cd /root && ${install} && rm -rf /tmp/npm-cache`], options);
    return this.#add(step, { npmPackages: new Set([...this.npmPackages, ...names.map(npmPackageName)]) });
  }

  /** Installs Python packages; Python itself first, when the image has none. */
  pipInstall(...packages: (string | StepOptions)[]): Image {
    const { names, options } = split("pipInstall", packages);
    if (names.length === 0) return this;
    // Debian marks its Python as managed by apt alone; in an image there is nobody else to collide with.
    const line = `RUN python3 -m pip install --no-cache-dir --break-system-packages ${names.map(shellQuote).join(" ")}`;
    return this.#withPython().#add(commands([line], options));
  }

  #withPython(): Image {
    const { python } = this.#state;
    if (python === "yes") return this;
    const install = aptInstall(["python3", "python3-pip", "python-is-python3"]);
    const line = python === "no" ? install : `python3 -m pip --version > /dev/null 2>&1 || { ${install}; }`;
    return this.#add(commands([`RUN ${line}`], {}), { python: "yes" });
  }

  /** Runs shell commands, one after the other. */
  runCommands(...steps: (string | RunOptions)[]): Image {
    const { names, options } = split<RunOptions>("runCommands", steps);
    if (names.length === 0) return this;
    return this.#add(commands(names.map(runLine), options), { mayHoldMore: true });
  }

  /** Sets environment variables for later steps and for containers. */
  env(variables: Record<string, string>, options: StepOptions = {}): Image {
    const lines = Object.entries(variables).map(([key, value]) => environmentLine(key, value));
    return lines.length === 0 ? this : this.#add(commands(lines, options));
  }

  /** Sets the working directory of later steps and of containers. */
  workdir(path: string, options: StepOptions = {}): Image {
    return this.#add(commands([workdirLine(path)], options));
  }

  /** Adds lines of a Dockerfile, but for FROM. @throws AppError IMAGE_STEP_INVALID */
  dockerfileCommands(lines: string | string[], options: RunOptions = {}): Image {
    const all = typeof lines === "string" ? lines.split("\n") : lines;
    const from = fromLine(all.join("\n"));
    if (from !== undefined) {
      throw new AppError("IMAGE_STEP_INVALID", `"${from}" cannot stand in dockerfileCommands.`, {
        status: "INVALID_ARGUMENT",
        remedy:
          "Leave FROM out: the image before is the base. To begin with another one, use Image.fromRegistry(…).",
      });
    }
    if (all.every((line) => line.trim() === "")) throw emptyStep("dockerfileCommands");
    return this.#add(commands(all, options), { mayHoldMore: true });
  }

  /** Adds a file of this machine. A relative path counts from the directory of the app's file. */
  addLocalFile(
    localPath: string | URL,
    remotePath: string,
    options: LocalFileOptions & StepOptions = {},
  ): Image {
    const path = localPathOf(localPath);
    return this.#addLocal(
      { kind: "file", localPath: path, remotePath, ignore: IgnorePatterns.none },
      options,
    );
  }

  /** Adds a directory of this machine. A relative path counts from the directory of the app's file. */
  addLocalDir(
    localPath: string | URL,
    remotePath: string,
    options: LocalDirectoryOptions & StepOptions = {},
  ): Image {
    const ignore = new IgnorePatterns(options.ignore ?? []);
    const path = localPathOf(localPath);
    return this.#addLocal({ kind: "directory", localPath: path, remotePath, ignore }, options);
  }

  /**
   * Runs a function while the image is built; the files it leaves behind become part of the image. It runs once, and
   * again when its text, its arguments, or constants that it uses change.
   */
  runFunction<F extends AnyFunction>(
    run: F,
    options: RunFunctionOptions & { args?: Parameters<F> } = {},
  ): Image {
    const name = rememberBuildFunction(run);
    checkVolumeMounts(`The build function ${name}`, options.volumes ?? {});
    const step: ImageStep = { kind: "function", name, run, options, forceBuild: options.forceBuild ?? false };
    return this.#add(step, { mayHoldMore: true });
  }

  /** @internal npm packages that steps of this image install, by name. */
  get npmPackages(): ReadonlySet<string> {
    return this.#state.npmPackages;
  }

  /** @internal True for an image that may hold other npm packages than {@link npmPackages}. */
  get mayHoldMore(): boolean {
    return this.#state.mayHoldMore;
  }

  /** @internal */
  get base(): Image | undefined {
    return this.#state.base;
  }

  /** @internal */
  get step(): ImageStep {
    return this.#state.step;
  }

  /** @internal */
  get mounted(): readonly LocalSource[] {
    return this.#state.mounted;
  }

  #addLocal(source: LocalSource, options: LocalFileOptions & StepOptions): Image {
    if (!source.remotePath.startsWith("/")) {
      throw new AppError(
        "IMAGE_PATH_INVALID",
        `"${source.remotePath}" is not an absolute path in the image.`,
        {
          status: "INVALID_ARGUMENT",
          remedy: 'Say where in the image it belongs, for example "/root/data".',
        },
      );
    }
    if (options.copy)
      return this.#add({ ...commands(["COPY . /"], options), context: [source] }, { mayHoldMore: true });
    return new Image({ ...this.#state, mayHoldMore: true, mounted: [...this.#state.mounted, source] });
  }

  #add(step: ImageStep, changes: Partial<ImageState> = {}): Image {
    if (this.#state.mounted.length > 0) {
      throw new AppError(
        "IMAGE_STEP_AFTER_MOUNT",
        "A build step follows files that are only added when a container starts.",
        {
          status: "INVALID_ARGUMENT",
          remedy:
            "Move addLocalFile and addLocalDir to the end, or pass { copy: true } to make them part of the image.",
        },
      );
    }
    return new Image({ ...this.#state, ...changes, base: this, step });
  }
}

function commands(lines: string[], options: RunOptions): Extract<ImageStep, { kind: "commands" }> {
  checkVolumeMounts("A build step", options.volumes ?? {});
  return {
    kind: "commands",
    lines,
    secrets: options.secrets ?? [],
    volumes: options.volumes ?? {},
    gpu: gpuRequest(options.gpu),
    context: [],
    forceBuild: options.forceBuild ?? false,
  };
}

function split<O extends StepOptions = StepOptions>(
  method: string,
  values: (string | O)[],
): { names: string[]; options: O } {
  const last = values.at(-1);
  const given = isOptions<O>(last) ? last : undefined;
  const names = given === undefined ? values : values.slice(0, -1);
  if (names.some((name) => typeof name !== "string")) {
    throw new AppError("IMAGE_STEP_INVALID", `${method} was given something that is not a string.`, {
      status: "INVALID_ARGUMENT",
      remedy: `Pass strings one by one, and options last: ${method}("a", "b", { forceBuild: true }).`,
    });
  }
  if (names.some((name) => (name as string).trim() === "")) throw emptyStep(method);
  return { names: names as string[], options: given ?? ({} as O) };
}

function isOptions<O>(value: unknown): value is O {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function aptInstall(names: string[]): string {
  const packages = names.map(shellQuote).join(" ");
  return `apt-get update && apt-get install -y --no-install-recommends ${packages} && rm -rf /var/lib/apt/lists/*`;
}

function emptyStep(method: string): AppError {
  return new AppError("IMAGE_STEP_EMPTY", `${method} was given nothing to do.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Leave it out, or write what to install or run.",
  });
}
