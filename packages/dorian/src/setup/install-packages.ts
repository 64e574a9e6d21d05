import { onAbort, offAbort } from "@dorian/base/on-abort";
import { aptGet } from "./apt-get.ts";
import { aptFailure } from "./apt-failure.ts";

const lockPatienceSecs = 60;

/** Nothing is removed for them, nothing unsigned is taken, files that a person changed stay. */
const install = [
  "install",
  "--quiet",
  "--yes",
  "--no-install-recommends",
  "--no-remove",
  ...["Dpkg::Options::=--force-confdef", "Dpkg::Options::=--force-confold", "Dpkg::Use-Pty=0"].flatMap(
    (setting) => ["-o", setting],
  ),
  "-o",
  `DPkg::Lock::Timeout=${lockPatienceSecs}`,
];

/**
 * Installs packages with apt: all or none. An abort stops it at once while packages are looked up and fetched; those that
 * are being unpacked are let finish first, since a half of them is worth nothing.
 *
 * @throws AppError with what apt's words mean, or the signal's reason.
 */
export async function installPackages(
  packages: readonly string[],
  options: {
    env: NodeJS.ProcessEnv;
    signal: AbortSignal;
    onStage: (words: string) => void;
    /** Told when the signal aborts at a moment when apt must not be stopped. */
    onLetFinish: () => void;
  },
): Promise<void> {
  const { env, signal, onStage, onLetFinish } = options;
  onStage("Fetching the lists of packages");
  const updated = await aptGet(["update", "--quiet"], { env, signal });
  // An archive that is away need not be the one that has these packages, and older lists may do.
  const updating = updated.code === 0 && !/^[EW]:/m.test(updated.output) ? "" : updated.output;
  const expectSuccess = async (args: string[], allowing?: AbortSignal) => {
    const { code, output } = await aptGet([...install, ...args, ...packages], {
      env,
      ...(allowing ? { signal: allowing } : {}),
    });
    if (code !== 0) throw aptFailure(output, { updating, hasBegun: allowing === undefined });
  };
  await expectSuccess(["--simulate"], signal);
  onStage(`Fetching ${packages.join(", ")}`);
  await expectSuccess(["--download-only"], signal);
  onStage(`Installing ${packages.join(", ")}`);
  onAbort(signal, onLetFinish);
  try {
    await expectSuccess([]);
  } finally {
    offAbort(signal, onLetFinish);
  }
}
