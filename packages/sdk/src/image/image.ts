import { AppError } from "@dorian/base/app-error";
import type { AnyFunction } from "../any-function.ts";
import { transport } from "../client/current-transport.ts";
import { localPathOf } from "../local/local-path.ts";
import type { Secret } from "../secret/secret.ts";
import { aptStep, pythonStep } from "./apt-steps.ts";
import { rememberBuildFunction } from "./build-functions.ts";
import { dockerfileLinesStep, type DockerfileOptions } from "./dockerfile-lines.ts";
import { environmentLine, listLine, runLine, userLine, workdirLine } from "./dockerfile-text.ts";
import {
  debianStep,
  dockerfileStep,
  nodeAloneStep,
  nodeStep,
  registryStep,
  type FromDockerfileOptions,
  type RegistryOptions,
} from "./first-steps.ts";
import { guardedImports } from "./guarded-imports.ts";
import { imageBuilder } from "./image-builder.ts";
import type { ImageDefinition } from "./image-definition.ts";
import { checkReference } from "./image-reference.ts";
import { firstState, withMounted, withStep, type ImageState } from "./image-state.ts";
import { commands, type ExistingStep, type ImageStep } from "./image-step.ts";
import type { LocalSource } from "./local-source.ts";
import {
  checkRemotePath,
  copyStep,
  localDirectory,
  localFile,
  localPackage,
  type LocalDirectoryOptions,
  type LocalFileOptions,
} from "./local-steps.ts";
import { npmPackageName } from "./npm-package-name.ts";
import { npmFromStep, npmStep, packageManagerOf, type NpmInstallFromOptions } from "./npm-steps.ts";
import {
  pipStep,
  requirementsStep,
  uvPipStep,
  uvSyncStep,
  type PipOptions,
  type UvPipOptions,
  type UvSyncOptions,
} from "./python-steps.ts";
import { checkRunFunctionOptions, type RunFunctionOptions } from "./run-function-options.ts";
import { emptyStep, split } from "./step-arguments.ts";
import type { RunOptions, StepOptions } from "./step-options.ts";

/**
 * What a container's root file system is made of. Each call adds a step and returns a new image; the old one stays as
 * it was, so that several images can share a base. Steps are built on the server when an app that uses the image is run
 * or deployed, and only those that were not built before.
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

  /**
   * Debian, small, with Node 24 and npm.
   *
   * @example
   * const image = Image.debianSlim();
   */
  static debianSlim(options: StepOptions = {}): Image {
    return new Image(firstState(debianStep(options), "no"));
  }

  /**
   * An image of an OCI registry, with Node 24 laid over it. What it would start by itself is not started. Node wants its C
   * library: images of Alpine do not have it.
   *
   * @throws AppError IMAGE_REFERENCE_INVALID; while it is built REGISTRY_ACCESS_DENIED, REGISTRY_UNREACHABLE
   * @example
   * const image = Image.fromRegistry("python:3.12-slim").uvPipInstall("numpy");
   */
  static fromRegistry(reference: string, { secret, ...options }: RegistryOptions = {}): Image {
    return Image.#ofOthers(registryStep(reference, options, secret && { kind: "static", secret }));
  }

  /**
   * An image of Amazon's registry, by a secret with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION.
   *
   * @throws AppError IMAGE_REFERENCE_INVALID; while it is built REGISTRY_SECRET_INCOMPLETE
   * @example
   * const image = Image.fromAwsEcr("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/tools:1", Secret.fromName("aws"));
   */
  static fromAwsEcr(reference: string, secret: Secret, options: StepOptions = {}): Image {
    return Image.#ofOthers(registryStep(reference, options, { kind: "aws", secret }));
  }

  /**
   * An image of Google's registry, by a secret whose SERVICE_ACCOUNT_JSON is the key of a service account.
   *
   * @throws AppError IMAGE_REFERENCE_INVALID; while it is built REGISTRY_SECRET_INCOMPLETE
   * @example
   * const image = Image.fromGcpArtifactRegistry("europe-docker.pkg.dev/team/tools/app:1", Secret.fromName("gcp"));
   */
  static fromGcpArtifactRegistry(reference: string, secret: Secret, options: StepOptions = {}): Image {
    return Image.#ofOthers(registryStep(reference, options, { kind: "gcp", secret }));
  }

  /**
   * What a Dockerfile makes, with Node 24 laid over it. Its ENTRYPOINT and CMD are not run: a container runs the function.
   * The Dockerfile counts from the directory of the app's file; of its directory only what COPY and ADD name is sent.
   *
   * @throws AppError while it is built LOCAL_FILE_MISSING, DOCKERFILE_INVALID, IMAGE_BUILD_FAILED
   * @example
   * const image = Image.fromDockerfile("docker/Dockerfile", { contextDir: ".", buildArgs: { MODEL: "iris-a" } });
   */
  static fromDockerfile(path: string | URL, options: FromDockerfileOptions = {}): Image {
    return Image.#ofOthers(dockerfileStep(path, options)).#add(nodeAloneStep());
  }

  /**
   * The image that was published under a name, from any app and in either language, with Node 24 laid over it. `"tools"` means
   * `"tools:latest"`. Which image that is is looked up when an app that uses it is run or deployed. A program that it starts with is kept.
   *
   * @param options.environment where the name is looked up; default: that of the app
   * @throws AppError IMAGE_REFERENCE_INVALID; when it is looked up IMAGE_NOT_FOUND
   * @example
   * const image = Image.fromName("tools:v1");
   */
  static fromName(name: string, { environment }: { environment?: string } = {}): Image {
    return Image.#existing({ name: checkReference(name), environment, imageId: "" });
  }

  /**
   * The image of that id, as `dorian image list` lists it, with Node 24 laid over it. A program that it starts with is kept.
   *
   * @throws AppError IMAGE_REFERENCE_INVALID; when it is looked up IMAGE_NOT_FOUND
   * @example
   * const image = Image.fromId("im-3kTqQF8Ct0Nn5bYJ0r2aKd");
   */
  static fromId(imageId: string): Image {
    return Image.#existing({ name: "", environment: undefined, imageId: checkReference(imageId) });
  }

  static #existing(named: Pick<ExistingStep, "name" | "environment" | "imageId">): Image {
    return Image.#ofOthers({ kind: "existing", ...named, forceBuild: false }).#add(nodeStep());
  }

  static #ofOthers(step: ImageStep): Image {
    return new Image(firstState(step, "unknown"));
  }

  /**
   * Installs Debian packages.
   *
   * @throws AppError IMAGE_STEP_EMPTY, IMAGE_STEP_INVALID
   * @example
   * const image = Image.debianSlim().aptInstall("ffmpeg", "git");
   */
  aptInstall(...packages: (string | RunOptions)[]): Image {
    const { names, options } = split<RunOptions>("aptInstall", packages);
    if (names.length === 0) return this;
    const brought = names.includes("python3-pip") ? { python: "yes" as const } : {};
    return this.#add(aptStep(names, options), brought);
  }

  /**
   * Installs npm packages where user code finds them (`/root/node_modules`).
   *
   * @throws AppError IMAGE_STEP_EMPTY, IMAGE_STEP_INVALID
   * @example
   * const image = Image.debianSlim().npmInstall("onnxruntime-node@1.24", "@huggingface/hub");
   */
  npmInstall(...packages: (string | RunOptions)[]): Image {
    const { names, options } = split<RunOptions>("npmInstall", packages);
    if (names.length === 0) return this;
    if (this.#state.packageManager === "pnpm") {
      throw new AppError("IMAGE_STEP_INVALID", "npmInstall follows packages that pnpm has installed.", {
        status: "INVALID_ARGUMENT",
        remedy: `Add ${names.join(", ")} to the project's package.json and lockfile.`,
      });
    }
    return this.#add(npmStep(names, options), {
      npmPackages: new Set([...this.npmPackages, ...names.map(npmPackageName)]),
    });
  }

  /**
   * Installs what a project's lockfile says, by npm (`package-lock.json`) or pnpm (`pnpm-lock.yaml`), without what only
   * development needs, where user code finds it. Only these files are read, so it is built again only when one of them
   * changes. Scripts of the project itself do not run. Paths count from the directory of the app's file.
   *
   * @throws AppError IMAGE_LOCKFILE_UNKNOWN; IMAGE_STEP_INVALID after npmInstall, whose packages it would remove; when the
   * app is deployed LOCAL_FILE_MISSING, and MANIFEST_INVALID for packages that are directories of this machine
   * @example
   * const image = Image.debianSlim().npmInstallFrom("package.json", "package-lock.json");
   */
  npmInstallFrom(manifest: string, lockfile: string, options: NpmInstallFromOptions = {}): Image {
    const packageManager = packageManagerOf(lockfile);
    if (this.npmPackages.size > 0 || this.#state.packageManager !== undefined) {
      throw new AppError("IMAGE_STEP_INVALID", "npmInstallFrom would remove packages of a step before it.", {
        status: "INVALID_ARGUMENT",
        remedy: "Put it before npmInstall, and use it once.",
      });
    }
    const manifests = [...this.#state.manifests, localPathOf(manifest)];
    return this.#add(npmFromStep(manifest, lockfile, options), { manifests, packageManager });
  }

  /**
   * Installs Python packages with pip; Python itself first, when the image has none (Debian's: 3.11).
   *
   * @throws AppError IMAGE_STEP_EMPTY, IMAGE_STEP_INVALID
   * @example
   * const image = Image.debianSlim().pipInstall("numpy==2.1.0", { extraOptions: "--only-binary :all:" });
   */
  pipInstall(...packages: (string | PipOptions)[]): Image {
    const { names, options } = split<PipOptions>("pipInstall", packages);
    return names.length === 0 ? this : this.#withPython().#add(pipStep(names, options));
  }

  /**
   * Installs what a local `requirements.txt` lists, with pip. It counts from the directory of the app's file.
   *
   * @throws AppError when the app is deployed LOCAL_FILE_MISSING
   * @example
   * const image = Image.debianSlim().pipInstallFromRequirements("requirements.txt");
   */
  pipInstallFromRequirements(path: string, options: PipOptions = {}): Image {
    return this.#withPython().#add(requirementsStep(path, options));
  }

  /**
   * Installs Python packages with `uv`, which is quicker than pip; Python itself first, when the image has none. uv does not
   * stay in the image.
   *
   * @throws AppError IMAGE_STEP_EMPTY, IMAGE_STEP_INVALID
   * @example
   * const image = Image.debianSlim().uvPipInstall("torch==2.7.1", "numpy");
   */
  uvPipInstall(...packages: (string | UvPipOptions)[]): Image {
    const { names, options } = split<UvPipOptions>("uvPipInstall", packages);
    if (names.length === 0 && (options.requirements ?? []).length === 0) return this;
    return this.#withPython().#add(uvPipStep(names, options));
  }

  /**
   * Installs what the `pyproject.toml` and `uv.lock` of a local directory say, into an environment that `python` then is. The
   * project itself is not installed: add its sources with `addLocalDir`.
   *
   * @throws AppError when the app is deployed LOCAL_FILE_MISSING
   * @example
   * const image = Image.debianSlim().uvSync("trainer", { groups: ["gpu"] });
   */
  uvSync(directory = ".", options: UvSyncOptions = {}): Image {
    return this.#withPython().#add(uvSyncStep(directory, options));
  }

  #withPython(): Image {
    const { python } = this.#state;
    if (python === "yes") return this;
    return this.#add(pythonStep(python), { python: "yes" });
  }

  /**
   * Runs shell commands, one after the other.
   *
   * @throws AppError IMAGE_STEP_EMPTY, IMAGE_STEP_INVALID, and those of volumes, secrets and GPUs
   * @example
   * const image = Image.debianSlim().runCommands("echo $MODEL > /model", { env: { MODEL: "iris-a" } });
   */
  runCommands(...steps: (string | RunOptions)[]): Image {
    const { names, options } = split<RunOptions>("runCommands", steps);
    if (names.length === 0) return this;
    const lines = names.map((command) => runLine(command, this.#state.shell));
    return this.#add(commands(lines, options), { mayHoldMore: true });
  }

  /**
   * Sets environment variables for later steps and for containers.
   *
   * @throws AppError IMAGE_ENV_INVALID
   * @example
   * const image = Image.debianSlim().env({ HF_HOME: "/models" });
   */
  env(variables: Record<string, string>, options: StepOptions = {}): Image {
    const lines = Object.entries(variables).map(([key, value]) => environmentLine(key, value));
    return lines.length === 0 ? this : this.#add(commands(lines, options));
  }

  /**
   * Sets the working directory of later steps and of containers; it is made where it is missing.
   *
   * @throws AppError IMAGE_PATH_INVALID
   * @example
   * const image = Image.debianSlim().workdir("/srv");
   */
  workdir(path: string, options: StepOptions = {}): Image {
    return this.#add(commands([workdirLine(path)], options));
  }

  /**
   * Sets the user that later steps and containers run as: one that the image has, by name or number.
   *
   * @throws AppError IMAGE_USER_INVALID
   * @example
   * const image = Image.debianSlim().runCommands("useradd --create-home worker").user("worker");
   */
  user(user: string, options: StepOptions = {}): Image {
    return this.#add(commands([userLine(user)], options));
  }

  /**
   * Sets the shell that later `runCommands` and RUN lines are given to. Default: `/bin/sh -c`.
   *
   * @throws AppError IMAGE_STEP_EMPTY, IMAGE_STEP_INVALID
   * @example
   * const image = Image.debianSlim().shell(["/bin/bash", "-euc"]);
   */
  shell(program: readonly string[], options: StepOptions = {}): Image {
    const line = listLine("SHELL", program);
    if (program.length === 0) throw emptyStep("shell");
    return this.#add(commands([line], options), { shell: program });
  }

  /**
   * Sets the program that containers start with. It is given the function's own program as arguments and has to run it, as
   * `exec "$@"` does in a shell. Default: none.
   *
   * @throws AppError IMAGE_STEP_INVALID
   * @example
   * const image = Image.debianSlim().entrypoint(["/bin/sh", "-c", "ulimit -n 4096; exec \"$@\"", "sh"]);
   */
  entrypoint(program: readonly string[], options: StepOptions = {}): Image {
    return this.#add(commands([listLine("ENTRYPOINT", program)], options));
  }

  /**
   * Sets what a container without a function runs, such as a sandbox of a Python client. Functions do not look at it.
   *
   * @throws AppError IMAGE_STEP_INVALID
   * @example
   * const image = Image.debianSlim().cmd(["sleep", "infinity"]);
   */
  cmd(program: readonly string[], options: StepOptions = {}): Image {
    return this.#add(commands([listLine("CMD", program)], options));
  }

  /**
   * Adds lines of a Dockerfile, but for FROM. COPY and ADD find what is in the local directory `contextDir`.
   *
   * @throws AppError IMAGE_STEP_EMPTY, IMAGE_STEP_INVALID; while it is built DOCKERFILE_INVALID
   * @example
   * const image = Image.debianSlim().dockerfileCommands(["COPY data /data", "RUN ls /data"], { contextDir: "." });
   */
  dockerfileCommands(lines: string | string[], options: DockerfileOptions = {}): Image {
    const all = typeof lines === "string" ? lines.split("\n") : lines;
    return this.#add(dockerfileLinesStep(all, options), { mayHoldMore: true });
  }

  /**
   * Adds a file of this machine. A relative path counts from the directory of the app's file.
   *
   * @throws AppError IMAGE_PATH_INVALID; when the app is deployed LOCAL_FILE_MISSING, LOCAL_FILE_INVALID
   * @example
   * const image = Image.debianSlim().addLocalFile("labels.csv", "/root/labels.csv");
   */
  addLocalFile(
    localPath: string | URL,
    remotePath: string,
    options: LocalFileOptions & StepOptions = {},
  ): Image {
    return this.#addLocal(localFile(localPath, remotePath), options);
  }

  /**
   * Adds a directory of this machine. A relative path counts from the directory of the app's file.
   *
   * @throws AppError IMAGE_PATH_INVALID, IMAGE_IGNORE_INVALID; when the app is deployed LOCAL_FILE_MISSING, LOCAL_LINK_CYCLE
   * @example
   * const image = Image.debianSlim().addLocalDir("prompts", "/root/prompts", { ignore: ["**\/*.md"] });
   */
  addLocalDir(
    localPath: string | URL,
    remotePath: string,
    options: LocalDirectoryOptions & StepOptions = {},
  ): Image {
    return this.#addLocal(localDirectory(localPath, remotePath, options.ignore), options);
  }

  /**
   * Adds an npm package of this machine, such as one of the same workspace, where user code finds it by the name in its
   * `package.json`. Its own `node_modules` and `.git` are left out: what it depends on has to be in the image. Node runs
   * JavaScript of packages alone, so it has to be compiled. A package that is only imported need not be added: it is bundled
   * with the app.
   *
   * @throws AppError IMAGE_IGNORE_INVALID; when the app is deployed LOCAL_FILE_MISSING, MANIFEST_INVALID
   * @example
   * const image = Image.debianSlim().addLocalPackage("../packages/prompts", { ignore: ["test"] });
   */
  addLocalPackage(localPath: string | URL, options: LocalDirectoryOptions & StepOptions = {}): Image {
    const source = localPackage(localPath, options.ignore);
    const localPackages = [...this.#state.localPackages, source.localPath];
    return this.#addLocal(source, options, { localPackages });
  }

  /**
   * Runs a function while the image is built; the files it leaves behind become part of the image. It runs once, and
   * again when its text, its arguments, or constants that it uses change.
   *
   * @throws AppError BUILD_FUNCTION_INVALID, OPTION_INVALID, and those of volumes, secrets and GPUs; when the app is deployed
   * BUILD_INPUT_TOO_LARGE for arguments of more than 2 MiB
   * @example
   * async function download(model: string) {
   *   await writeFile("/model", model);
   * }
   * const image = Image.debianSlim().runFunction(download, { args: ["iris-a"], timeout: 600 });
   */
  runFunction<F extends AnyFunction>(
    run: F,
    options: RunFunctionOptions & { args?: Parameters<F> } = {},
  ): Image {
    const name = rememberBuildFunction(run);
    checkRunFunctionOptions(`The build function ${name}`, options);
    const step: ImageStep = { kind: "function", name, run, options, forceBuild: options.forceBuild ?? false };
    return this.#add(step, { mayHoldMore: true });
  }

  /**
   * Has the image built on the server, unless it is there already, and gives its id. Images of an app's functions are built
   * without it. Works in a `localEntrypoint`.
   *
   * @throws AppError IMAGE_NOT_BUILDABLE, IMAGE_BUILD_FAILED, IMAGE_BUILD_TIMEOUT
   * @example
   * const app = new App("builder");
   * const nine = app.function({ name: "nine" }, async () => 9);
   * app.localEntrypoint(async () => {
   *   const imageId = await Image.debianSlim().env({ GREETING: "hello" }).build();
   *   console.log(imageId, await nine.remote());
   * });
   */
  async build(): Promise<string> {
    return await imageBuilder()(this);
  }

  /**
   * Has the image built, and gives it a name by which every app finds it, in either language: `Image.fromName("tools:v1")`.
   * Without a tag it is "latest". A name that is published again stands for the new image from then on; apps that are deployed
   * keep the one they have. Works in a `localEntrypoint`.
   *
   * @param options.environment where it is published; default: that of the app
   * @throws AppError IMAGE_REFERENCE_INVALID, IMAGE_NOT_BUILDABLE, IMAGE_BUILD_FAILED, NAME_INVALID
   * @example
   * const app = new App("publisher");
   * const nine = app.function({ name: "nine" }, async () => 9);
   * app.localEntrypoint(async () => {
   *   await Image.debianSlim().env({ GREETING: "hello" }).publish("tools:v1");
   *   console.log(await nine.remote());
   * });
   */
  async publish(name: string, { environment = "" }: { environment?: string } = {}): Promise<void> {
    const tag = checkReference(name);
    const imageId = await this.build();
    const { modal } = await transport();
    await modal.imagePublish({ imageId, tag, environmentName: environment });
  }

  /**
   * Loads packages at the top level of a module that only this image holds. In its containers they are what they are; elsewhere
   * (on this machine, in containers of other images) what is missing fails when it is used, not when the module is loaded. Several are
   * loaded together by `Promise.all`, and what it gives is taken apart as a list: `const [a, b] = await image.imports(…)`.
   *
   * @throws AppError PACKAGE_NOT_IN_IMAGE, where a container of this image starts without them
   * @example
   * const image = Image.debianSlim().npmInstall("@bufbuild/protobuf@2");
   * const { create } = await image.imports(() => import("@bufbuild/protobuf"));
   */
  async imports<T>(load: () => Promise<T>): Promise<T> {
    return await guardedImports(this, load);
  }

  /** @internal npm packages that steps of this image install, by name. */
  get npmPackages(): ReadonlySet<string> {
    return this.#state.npmPackages;
  }

  /** @internal Local `package.json` files of projects whose packages steps of this image install. */
  get manifests(): readonly string[] {
    return this.#state.manifests;
  }

  /** @internal Local directories that are npm packages in this image. */
  get localPackages(): readonly string[] {
    return this.#state.localPackages;
  }

  /** @internal True for an image that may hold other npm packages than {@link npmPackages}. */
  get mayHoldMore(): boolean {
    return this.#state.mayHoldMore;
  }

  /** @internal */
  get base(): ImageDefinition | undefined {
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

  #addLocal(
    source: LocalSource,
    options: LocalFileOptions & StepOptions,
    changes: Partial<ImageState> = {},
  ): Image {
    checkRemotePath(source);
    if (options.copy) return this.#add(copyStep(source, options), { ...changes, mayHoldMore: true });
    return new Image({ ...withMounted(this.#state, source), ...changes });
  }

  #add(step: ImageStep, changes: Partial<ImageState> = {}): Image {
    return new Image(withStep(this.#state, this, step, changes));
  }
}
