import { basename } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { shellQuote } from "./dockerfile-text.ts";
import { commands, type CommandsStep } from "./image-step.ts";
import { localFile } from "./local-steps.ts";
import { packageWords } from "./package-words.ts";
import type { RunOptions } from "./step-options.ts";

/** How a project's locked packages are installed. */
export interface NpmInstallFromOptions extends RunOptions {
  /** Further local files that the package manager reads while it installs: `.npmrc`, `pnpm-workspace.yaml`. They are not left in the image. Default: none. */
  files?: readonly string[];
}

/** What installs from a lockfile. */
export type PackageManager = "npm" | "pnpm";

const lockfiles: Record<string, PackageManager> = {
  "package-lock.json": "npm",
  "npm-shrinkwrap.json": "npm",
  "pnpm-lock.yaml": "pnpm",
};
const given = "/mnt/dorian-npm";
const npmCache = "/tmp/npm-cache";
const quiet = `--no-audit --no-fund --loglevel=error --cache=${npmCache}`;

/**
 * A step that adds npm packages to those that are there.
 *
 * @throws AppError IMAGE_STEP_INVALID
 */
export function npmStep(packages: readonly string[], options: RunOptions): CommandsStep {
  const words = packageWords(
    packages,
    (option) => `Install with options by runCommands("npm install ${option} …").`,
  );
  const install = `npm install ${quiet} ${words.join(" ")}`;
  return commands([`RUN cd /root && ${install} && rm -rf ${npmCache}`], options);
}

/**
 * Which package manager wrote a lockfile.
 *
 * @throws AppError IMAGE_LOCKFILE_UNKNOWN
 */
export function packageManagerOf(lockfile: string): PackageManager {
  const manager = lockfiles[basename(lockfile)];
  if (manager !== undefined) return manager;
  throw new AppError(
    "IMAGE_LOCKFILE_UNKNOWN",
    `${JSON.stringify(lockfile)} is no lockfile of npm and none of pnpm.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: `Name one of ${Object.keys(lockfiles).join(", ")}. For another package manager use addLocalFile(…, { copy: true }) and runCommands(…).`,
    },
  );
}

/** A step that installs what a lockfile says, without what only development needs. */
export function npmFromStep(
  manifest: string,
  lockfile: string,
  options: NpmInstallFromOptions,
): CommandsStep {
  const manager = packageManagerOf(lockfile);
  const extra = (options.files ?? []).map((path) => ({ path, name: basename(path) }));
  const files = [
    { path: manifest, name: "package.json" },
    { path: lockfile, name: basename(lockfile) },
    ...extra,
  ];
  const line = [
    `export NODE_DISABLE_COMPILE_CACHE=1 && cd /root && rm -rf node_modules && cp ${files.map(({ name }) => shellQuote(`${given}/${name}`)).join(" ")} .`,
    // The project's own scripts want its sources, which are not here.
    "npm pkg delete scripts",
    ...install[manager],
    // What later steps install is for production as well.
    "npm pkg delete devDependencies",
    ["rm -rf", npmCache, ...extra.map(({ name }) => shellQuote(name))].join(" "),
  ].join(" && ");
  return commands([`RUN --mount=type=bind,source=/,target=${given} ${line}`], options, {
    context: files.map(({ path, name }) => localFile(path, `/${name}`)),
    title: `${manager} packages of ${lockfile}`,
  });
}

// The version that the project names, as it was when the lockfile was written.
const pnpm = `npm exec --yes ${quiet} -- "$(node -p '(require("./package.json").packageManager?.match(/^pnpm@[^+]+/) ?? ["pnpm"])[0]')"`;

const install: Record<PackageManager, string[]> = {
  npm: [`npm ci --omit=dev ${quiet}`],
  pnpm: [
    `CI=true ${pnpm} install --prod --frozen-lockfile --store-dir=/tmp/pnpm-store --package-import-method=copy --reporter=append-only`,
    "rm -rf /tmp/pnpm-store*",
  ],
};
