import { basename } from "node:path";
import { shellQuote } from "./dockerfile-text.ts";
import { commands, type CommandsStep } from "./image-step.ts";
import type { LocalSource } from "./local-source.ts";
import { localFile } from "./local-steps.ts";
import { packageWords } from "./package-words.ts";
import type { RunOptions } from "./step-options.ts";

/** How Python packages are installed. */
export interface PipOptions extends RunOptions {
  /** Address of the index; default: the one that the server is set up with, or PyPI. */
  indexUrl?: string;
  /** Address of an index beside it; default: none. */
  extraIndexUrl?: string;
  /** Directory in the image, or page, with links to archives; default: none. */
  findLinks?: string;
  /** Take versions before a release, too. Default: false. */
  pre?: boolean;
  /** Further options of the installer, as its command line has them: `"--no-build-isolation"`. Default: none. */
  extraOptions?: string;
}

/** How `uv` installs Python packages. */
export interface UvPipOptions extends PipOptions {
  /** Local files that list packages: `requirements.txt`, `pyproject.toml`. They count from the directory of the app's file. Default: none. */
  requirements?: readonly string[];
  /** Version of uv. Default: the latest. */
  uvVersion?: string;
}

/** How `uv` installs a locked project. */
export interface UvSyncOptions extends RunOptions {
  /** Dependency groups to install as well. Default: none. */
  groups?: readonly string[];
  /** Extras to install as well. Default: none. */
  extras?: readonly string[];
  /** Further options of `uv sync`. Default: none. */
  extraOptions?: string;
  /** Version of uv. Default: the latest. */
  uvVersion?: string;
}

const uvPath = "/mnt/dorian-uv";
const filesPath = "/mnt/dorian-files";
const boundFiles = `--mount=type=bind,source=/,target=${filesPath}`;
const projectDirectory = "/.uv";

/** A step of pip. */
export function pipStep(packages: readonly string[], options: PipOptions): CommandsStep {
  const words = [...flags(options, "--pre"), ...packageWords(packages, inExtraOptions)];
  return commands([`RUN ${pip} ${words.join(" ")}`], options);
}

/** A step of pip with a local list. */
export function requirementsStep(path: string, options: PipOptions): CommandsStep {
  const files = [listFile(path, 0)];
  const words = [...flags(options, "--pre"), "-r", shellQuote(`${filesPath}${files[0]?.remotePath ?? ""}`)];
  return commands([`RUN ${boundFiles} ${pip} ${words.join(" ")}`], options, {
    context: files,
    title: `pip install -r ${path}`,
  });
}

/** A step of `uv pip`. */
export function uvPipStep(packages: readonly string[], options: UvPipOptions): CommandsStep {
  const files = (options.requirements ?? []).map(listFile);
  const words = [
    "--system --break-system-packages --no-cache --compile-bytecode",
    ...flags(options, "--prerelease allow"),
    ...files.map(({ remotePath }) => `-r ${shellQuote(`${filesPath}${remotePath}`)}`),
    ...packageWords(packages, inExtraOptions),
  ];
  const mounts = [boundUv(options.uvVersion), ...(files.length > 0 ? [boundFiles] : [])];
  const line = `RUN ${mounts.join(" ")} ${uvPath} pip install ${words.join(" ")}`;
  const title = `uv pip install ${[...(options.requirements ?? []).map((path) => `-r ${path}`), ...packages].join(" ")}`;
  return commands([line], options, { context: files, title });
}

/** A step of `uv sync`: the environment of a project, and what says that programs use it. */
export function uvSyncStep(directory: string, options: UvSyncOptions): CommandsStep {
  const context = ["pyproject.toml", "uv.lock"].map((name) =>
    localFile(`${directory}/${name}`, `${projectDirectory}/${name}`),
  );
  const words = [
    `--project=${projectDirectory} --frozen --no-cache --no-install-workspace --compile-bytecode`,
    ...(options.groups ?? []).map((group) => `--group=${shellQuote(group)}`),
    ...(options.extras ?? []).map((extra) => `--extra=${shellQuote(extra)}`),
    ...(options.extraOptions === undefined ? [] : [options.extraOptions]),
  ];
  const lines = [
    `COPY ${projectDirectory} ${projectDirectory}`,
    `RUN ${boundUv(options.uvVersion)} ${uvPath} sync ${words.join(" ")}`,
    `ENV PATH=${projectDirectory}/.venv/bin:$PATH`,
  ];
  return commands(lines, options, { context, title: `uv sync of ${directory}` });
}

// Debian marks its Python as managed by apt alone; in an image there is nobody else to collide with.
const pip = "python3 -m pip install --no-cache-dir --break-system-packages";

function flags(options: PipOptions, pre: string): string[] {
  const { indexUrl, extraIndexUrl, findLinks } = options;
  const valued = { "--index-url": indexUrl, "--extra-index-url": extraIndexUrl, "--find-links": findLinks };
  return [
    ...Object.entries(valued).flatMap(([flag, value]) =>
      value === undefined ? [] : [`${flag} ${shellQuote(value)}`],
    ),
    ...(options.pre ? [pre] : []),
    ...(options.extraOptions === undefined ? [] : [options.extraOptions]),
  ];
}

function inExtraOptions(option: string): string {
  return `Give options of the installer as { extraOptions: ${JSON.stringify(option)} }.`;
}

/** Lists of one name may lie in several directories. */
function listFile(path: string, index: number): LocalSource {
  return localFile(path, `/${index}/${basename(path)}`);
}

function boundUv(version = "latest"): string {
  return `--mount=type=bind,from=ghcr.io/astral-sh/uv:${version},source=/uv,target=${uvPath}`;
}
