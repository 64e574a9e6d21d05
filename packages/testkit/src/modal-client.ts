import { execFile } from "node:child_process";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "./checkout.ts";
import { noteCommand, pythonEvidence } from "./evidence/evidence.ts";
import { forkedCommand } from "./forked-client/forked-command.ts";
import { dorian, runCommand, type CommandOptions, type CommandResult } from "./run-command.ts";

/** Versions of the official Python client that the tests drive: newest, one between, and the two of the 2024 era. */
export const modalVersions = {
  newest: "1.6.4",
  between: "1.0.5",
  late2024: "0.64.57",
  early2024: "0.62.181",
} as const;

export type ModalVersion = (typeof modalVersions)[keyof typeof modalVersions];

const execute = promisify(execFile);
const preparing = new Map<string, Promise<string>>();

/**
 * The official Python client, unmodified, in a virtual environment of its own. Environments are made once per checkout
 * and kept in its `.cache`.
 */
export class ModalClient {
  readonly version: ModalVersion;
  /** Its virtual environment. */
  readonly directory: string;
  #environment: Record<string, string>;

  private constructor(version: ModalVersion, directory: string, environment: Record<string, string>) {
    this.version = version;
    this.directory = directory;
    this.#environment = environment;
  }

  /** For the server that runs on `dataDirectory`. */
  static async open(version: ModalVersion, dataDirectory: string): Promise<ModalClient> {
    let ready = preparing.get(version);
    if (!ready) preparing.set(version, (ready = prepare(version)));
    const printed = await dorian(dataDirectory, ["token", "new"]);
    if (printed.code !== 0) throw new Error(`dorian token new failed:\n${printed.stderr}`);
    const lines = [...printed.stdout.matchAll(/^(?:export )?(MODAL_\w+)=(.*)$/gm)];
    const variables = Object.fromEntries(lines.map(([, key = "", value = ""]) => [key, value]));
    return new ModalClient(version, await ready, variables);
  }

  /** What a shell must export for the client to find the server, and nothing of the user's own profile. */
  get environment(): Record<string, string> {
    return {
      ...this.#environment,
      MODAL_CONFIG_PATH: join(this.directory, "no-profile.toml"),
      VIRTUAL_ENV: this.directory,
      PATH: `${join(this.directory, "bin")}:${process.env["PATH"] ?? ""}`,
      PYTHONUNBUFFERED: "1",
      ...pythonEvidence(),
    };
  }

  /** `modal …`, until it ends. */
  async modal(args: string[], options: CommandOptions = {}): Promise<CommandResult> {
    const result = await this.#run([join(this.directory, "bin/modal"), ...args], options);
    if (result.code === 0) noteCommand(this.version, args);
    return result;
  }

  /** `python …`, until it ends. */
  python(args: string[], options: CommandOptions = {}): Promise<CommandResult> {
    return this.#run(args, options);
  }

  #run(args: string[], options: CommandOptions): Promise<CommandResult> {
    // Unbuffered, Python writes each word of a print by itself, and lines of the client's own come between them.
    const isUnbuffered = options.onOutput !== undefined;
    const unbuffered = isUnbuffered ? {} : { PYTHONUNBUFFERED: "" };
    const env = { ...this.environment, COLUMNS: "200", ...unbuffered, ...options.env };
    const python = join(this.directory, "bin/python");
    const forked = forkedCommand({
      python,
      version: this.version,
      args,
      env: options.env ?? {},
      isUnbuffered,
    });
    return runCommand(forked ?? [python, ...args], { ...options, env });
  }
}

async function prepare(version: ModalVersion): Promise<string> {
  const directory = join(checkout, ".cache", `modal-${version}`);
  if (await exists(join(directory, "complete"))) return directory;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await execute("/usr/bin/python3", ["-m", "venv", directory]);
  await execute(join(directory, "bin/pip"), ["install", "--quiet", `modal==${version}`, ...eraPins(version)]);
  await mkdir(join(directory, "complete"));
  return directory;
}

/** With a later aiohttp the clients of 2024 cannot read the large files that they are to upload. */
function eraPins(version: ModalVersion): string[] {
  return version.startsWith("0.") ? ["aiohttp<3.12"] : [];
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
