import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";
import { chmodSync, existsSync, lstatSync, mkdirSync, realpathSync, statSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";

/** Only its owner may enter: below it lie layers with other people's setuid programs, and the secrets of all. */
const ownerOnly = 0o700;
const writableByOthers = 0o022;
const sticky = 0o1000;

/** In a data directory while a backup is restored to it. */
export const restoringFile = "restoring";

/** Makes the directory where it is missing, and sees that nobody else can enter or replace it. @throws AppError as `secureDataDirectory` */
export function makeDataDirectory(path: string): void {
  refusing(path, "made", () => makeWithParents(path));
  secureDataDirectory(path);
}

function makeWithParents(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: ownerOnly });
  } catch (error) {
    // Where all above it is there, this hides Node's reason. Without `recursive` it is told.
    if (errnoOf(error) !== "ENOENT") throw error;
    mkdirSync(path, { mode: ownerOnly });
  }
}

/**
 * Takes the rights of others on the directory away, whoever made it and with whatever mode.
 *
 * @throws AppError DATA_DIRECTORY_UNUSABLE, DATA_DIRECTORY_UNSAFE when it, or the way to it, is in somebody else's hands,
 *   DATA_DIRECTORY_HALF_RESTORED
 */
export function secureDataDirectory(path: string): void {
  refusing(path, "used", () => {
    const link = lstatSync(path);
    if (link.isSymbolicLink() && !isOurs(link)) throw unsafe(path, "is a link that another user made");
    const real = realpathSync(path);
    const stats = lstatSync(real);
    if (!stats.isDirectory()) throw unsafe(real, "is no directory");
    if (stats.uid !== process.getuid?.()) throw unsafe(real, `belongs to user ${stats.uid}`);
    for (const place of [path, real]) refuseOpenParents(place);
    if (existsSync(join(real, restoringFile))) throw halfRestored(real);
    chmodSync(real, ownerOnly);
  });
}

/**
 * Tells from now on whether the data directory at a path is still the same, and if not what to do: whoever started there would begin
 * anew beside all that there was.
 */
export function sameDirectory(path: string): () => string | undefined {
  const identity = () => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found && `${found.dev} ${found.ino}`;
  };
  const own = identity();
  return () =>
    identity() === own
      ? undefined
      : `${path} was moved, removed or replaced. Put it back; to go on with what is there now, stop Dorian and start it again`;
}

/** Whoever may write to a directory above may put another in its place; a sticky one, such as /tmp, keeps owners apart. */
function refuseOpenParents(path: string): void {
  for (let above = dirname(path); ; above = dirname(above)) {
    const { mode } = lstatSync(realpathSync(above));
    if ((mode & writableByOthers) !== 0 && (mode & sticky) === 0) {
      throw unsafe(path, `lies in ${above}, which others may write to`);
    }
    if (above === dirname(above)) return;
  }
}

function isOurs(stats: Stats): boolean {
  return stats.uid === 0 || stats.uid === process.getuid?.();
}

function unsafe(path: string, why: string): AppError {
  return new AppError("DATA_DIRECTORY_UNSAFE", `${path} cannot be a data directory: it ${why}.`, {
    remedy: `Give one of your own with --data, or correct this one: \`chown\` it to the user that runs Dorian, \`chmod go-w\` what is above it.`,
  });
}

function halfRestored(path: string): AppError {
  return new AppError(
    "DATA_DIRECTORY_HALF_RESTORED",
    `A backup was restored to ${path} and that did not end.`,
    {
      remedy: "Wait for it if it runs; else remove what is there, and restore it again.",
    },
  );
}

function refusing(path: string, verb: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (AppError.is(error)) throw error;
    throw new AppError("DATA_DIRECTORY_UNUSABLE", `${path} cannot be ${verb}: ${messageOf(error)}.`, {
      remedy:
        "Give a directory that this user may write to with --data; a file system that is read-only has to be mounted anew, or mended.",
      cause: error,
    });
  }
}
