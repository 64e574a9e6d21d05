import { AppError, errnoOf } from "@dorian/base/app-error";
import { removeTree } from "@dorian/linux/remove-tree";
import { existsSync } from "node:fs";
import { readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { stateFile } from "../../../backup/backup-places.ts";
import { packageDirectory } from "../../../package-directory.ts";
import { requireService } from "../../../systemd/installed-service.ts";
import { requireRootForService, requireSystemd, systemctl } from "../../../systemd/systemctl.ts";
import { environmentPath, unitName, unitPath } from "../../../systemd/unit-file.ts";
import { defineCommand } from "../../command.ts";
import { confirm } from "../../question/confirm.ts";
import { StatusLine } from "../../output/status-line.ts";

interface Uninstalled {
  /** False when the question was answered with no. */
  done: boolean;
  dataDirectory: string;
  purged: boolean;
}

export const command = defineCommand<Uninstalled>({
  options: [
    { name: "purge", description: "Remove the data directory as well: apps, volumes, secrets, everything" },
    { name: "yes", short: "y", description: "Do not ask" },
  ],
  json: (uninstalled) => uninstalled,

  async run(input, context) {
    requireSystemd();
    requireRootForService();
    const { dataDirectory } = await requireService();
    const purged = input.flag("purge");
    if (purged && !existsSync(join(dataDirectory, stateFile))) throw noData(dataDirectory);
    if (purged && !input.flag("yes")) {
      const question = `Remove ${dataDirectory} with all apps, volumes, secrets and images in it? This cannot be undone.`;
      if (!(await confirm(question, context))) return { done: false, dataDirectory, purged: false };
    }
    using status = await StatusLine.open(context.output);
    status.set("Stopping the service; what runs has its grace to end");
    await systemctl("disable", "--now", unitName);
    await rm(unitPath);
    await systemctl("daemon-reload");
    if (purged) {
      status.set(`Removing ${dataDirectory}`);
      await emptyAndRemove(dataDirectory);
      await rm(dirname(environmentPath), { recursive: true, force: true });
    }
    return { done: true, dataDirectory, purged };
  },

  render({ done, dataDirectory, purged }, output) {
    const { green } = output.noteColors;
    if (!done) {
      output.note("Nothing was removed.");
      return;
    }
    output.note(`${green("✓")} The service is stopped and removed.`);
    output.note(
      purged
        ? `${dataDirectory} and ${dirname(environmentPath)} are gone.`
        : `${dataDirectory} stays, with everything in it, and so does ${environmentPath}: \`dorian service install\` goes on with them.`,
    );
    output.note(`The package stays in ${packageDirectory}; npm removes it.`);
  },
});

/** A disk may be mounted there, which stays. */
async function emptyAndRemove(directory: string): Promise<void> {
  for (const name of await readdir(directory)) await removeTree(join(directory, name));
  await rmdir(directory).catch((error: unknown) => {
    if (errnoOf(error) !== "EBUSY") throw error;
  });
}

function noData(dataDirectory: string): AppError {
  return new AppError(
    "SERVICE_DATA_MISSING",
    `${dataDirectory} holds no Dorian's state: it is not removed.`,
    {
      remedy: "Run this without --purge, and look at that directory yourself. Nothing was changed.",
    },
  );
}
