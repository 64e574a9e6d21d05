import { realpathSync } from "node:fs";
import { join } from "node:path";
import { packageDirectory } from "../../../package-directory.ts";
import { requireService, writeService } from "../../../systemd/installed-service.ts";
import { schemaChange } from "../../../systemd/schema-change.ts";
import { askServer, untilReady } from "../../../systemd/service-readiness.ts";
import { requireStablePlace } from "../../../systemd/stable-place.ts";
import { requireRootForService, requireSystemd, systemctl } from "../../../systemd/systemctl.ts";
import { unitName } from "../../../systemd/unit-file.ts";
import { backUp } from "../../backup/back-up.ts";
import { defineCommand } from "../../command.ts";
import { confirm } from "../../question/confirm.ts";
import { StatusLine } from "../../output/status-line.ts";
import { ServerConnection } from "../../server-connection.ts";
import { dorianVersion } from "../../version.ts";

interface Upgraded {
  /** False when the question was answered with no. */
  done: boolean;
  from: string;
  version: string;
  /** What the database has seen of it. */
  migrations: string[];
  backup: string | null;
  url: string;
}

export const command = defineCommand<Upgraded>({
  options: [
    { name: "backup", value: "directory", description: "Back up to it first" },
    { name: "yes", short: "y", description: "Do not ask, even where there is no way back without a backup" },
  ],
  notes: [
    "Install the new version first, e.g. `npm install --global dorian@latest`. Running inputs have their grace to end.",
  ],
  json: (upgraded) => upgraded,

  async run(input, context) {
    const { config, output, signal } = context;
    requireSystemd();
    requireRootForService();
    const settings = await requireService();
    const { dataDirectory } = settings;
    const version = dorianVersion();
    const program = realpathSync(join(packageDirectory, "bin/dorian.js"));
    const node = realpathSync(process.execPath);
    for (const path of [program, node]) requireStablePlace(path);
    const connect = () => ServerConnection.ofData({ ...config, dataDirectory });
    const running = await askServer(connect, { signal });
    const { from, pending } = schemaChange(dataDirectory, { version, running });
    const backup = input.option("backup");
    if (pending.length > 0 && backup === undefined && !input.flag("yes")) {
      const question = `${version} changes the database (${pending.join(", ")}), and ${from || "the version of before"} cannot open it then. Go on without a backup (--backup DIR makes one)?`;
      if (!(await confirm(question, context)))
        return { done: false, from, version, migrations: pending, backup: null, url: running?.url ?? "" };
    }
    if (backup !== undefined) await backUp(backup, { ...context, config: { ...config, dataDirectory } });
    using status = await StatusLine.open(output);
    status.set("Restarting the service; what runs has its grace to end");
    await writeService({ ...settings, node, program });
    await systemctl("daemon-reload");
    await systemctl("restart", unitName);
    const { url, info } = await untilReady(connect, { signal });
    return { done: true, from, version: info.version, migrations: pending, backup: backup ?? null, url };
  },

  render({ done, from, version, migrations, backup, url }, output) {
    const { green } = output.noteColors;
    if (!done) {
      output.note("Nothing was changed.");
      return;
    }
    const was = from === "" || from === version ? "" : `, before that ${from}`;
    output.note(`${green("✓")} Dorian ${version} is ready at ${url}${was}.`);
    if (migrations.length > 0)
      output.note(
        `The database has seen ${migrations.join(", ")}: ${from || "the version of before"} cannot open it any more.${backup === null ? "" : ` The way back: dorian restore ${backup} --data DIR`}`,
      );
  },
});
