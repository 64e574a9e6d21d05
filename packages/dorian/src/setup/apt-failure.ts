import { AppError } from "@dorian/base/app-error";

/** `state` says how far the installation had come. */
type Explain = (match: RegExpExecArray, state: string) => AppError;

/** What apt's words mean, the more telling first. */
const explanations: readonly [says: RegExp, explain: Explain][] = [
  [
    /(?:held by process (\d+ \([^)]*\))[^]*)?Unable to (?:lock directory|acquire the dpkg frontend lock)/,
    ([, holder], state) =>
      new AppError(
        "SETUP_APT_BUSY",
        `Another program installs packages just now${holder === undefined ? "" : `: process ${holder}`}. ${state}`,
        {
          remedy:
            "Wait until it is done, which may take minutes after a machine's first start; then run `dorian setup` again.",
        },
      ),
  ],
  [
    /dpkg was interrupted/,
    (_, state) =>
      new AppError(
        "SETUP_DPKG_INTERRUPTED",
        `An earlier installation of packages was interrupted, and has to be completed first. ${state}`,
        { remedy: "Type `dpkg --configure -a`, then run `dorian setup` again." },
      ),
  ],
  [
    /No space left on device|You don't have enough free space in (\S+?)\.?(?=\s|$)/,
    ([, path], state) =>
      new AppError(
        "SETUP_DISK_FULL",
        `The disk is full${path === undefined ? "" : `: there is no room in ${path}`}. ${state}`,
        {
          remedy:
            "Free some: `apt-get clean` removes packages that were fetched. Then run `dorian setup` again.",
        },
      ),
  ],
  [
    /Release file for \S+ is (not valid yet|expired)/,
    ([, how], state) =>
      new AppError(
        "SETUP_CLOCK_WRONG",
        `By this machine's clock the archive's list of packages is ${how}. ${state}`,
        { remedy: "Set the clock (`timedatectl` shows it), then run `dorian setup` again." },
      ),
  ],
  [
    /(?:Temporary failure resolving|Could not (?:resolve|connect to)|(?:Cannot|Could not) initiate the connection to|Unable to connect to|Connection (?:timed out|failed)|Failed to fetch)[^\n]*/,
    ([words], state) =>
      new AppError(
        "SETUP_ARCHIVE_UNREACHABLE",
        `The archive of packages could not be reached: ${words}. ${state}`,
        {
          remedy:
            "Check this machine's network, the addresses in /etc/apt, and http_proxy if it needs a proxy. Then run `dorian setup` again.",
        },
      ),
  ],
  [
    /NO_PUBKEY \w+|is not signed|cannot be authenticated|Sub-process \S*sqv\S* returned an error/,
    ([words], state) =>
      new AppError(
        "SETUP_ARCHIVE_UNTRUSTED",
        `apt does not trust an archive that its sources name: ${words}. ${state}`,
        {
          remedy:
            "Install the archive's keys, or remove what is not yours from /etc/apt/sources.list.d. Then run `dorian setup` again.",
        },
      ),
  ],
  [
    /Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation candidate/,
    ([, unknown, without], state) =>
      new AppError("SETUP_PACKAGE_UNKNOWN", `apt's sources have no package ${unknown ?? without}. ${state}`, {
        remedy:
          "Add what they lack: on Ubuntu `add-apt-repository universe`, on Debian the release's `main` in /etc/apt. Then run `dorian setup` again.",
      }),
  ],
  [
    /unmet dependencies|held broken packages|Packages need to be removed but remove is disabled/,
    (_, state) =>
      new AppError(
        "SETUP_PACKAGES_CONFLICT",
        `The packages cannot be installed beside those that this machine has. ${state}`,
        {
          remedy:
            "`apt-get --fix-broken install` and `apt-mark showhold` tell what is in the way. Then run `dorian setup` again.",
        },
      ),
  ],
];

const lastLines = 8;

/** The failure that apt's output tells of. */
export function aptFailure(
  output: string,
  context: {
    /** What it said before, if it could not bring its lists up to date. */
    updating: string;
    /** Whether packages were being unpacked by then. */
    hasBegun: boolean;
  },
): AppError {
  const state = context.hasBegun ? "Some packages may be installed in part." : "Nothing was installed.";
  const own = explained(output, state);
  // A package is unknown, too, where the lists could not be fetched.
  const isClear = own !== undefined && own.code !== "SETUP_PACKAGE_UNKNOWN";
  const known = isClear ? own : (explained(context.updating, state) ?? own);
  if (known) return known;
  const words = output.trim().split("\n").slice(-lastLines).join("\n");
  return new AppError("SETUP_APT_FAILED", `apt could not install the packages. ${state} It said:\n${words}`, {
    remedy: "Mend what it names; /var/log/apt/term.log has all of it. Then run `dorian setup` again.",
  });
}

function explained(output: string, state: string): AppError | undefined {
  for (const [says, explain] of explanations) {
    const match = says.exec(output);
    if (match) return explain(match, state);
  }
  return undefined;
}
