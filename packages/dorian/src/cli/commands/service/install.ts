import { realpathSync } from "node:fs";
import { join } from "node:path";
import { packageDirectory } from "../../../package-directory.ts";
import { makeDataDirectory } from "../../../process/data-directory.ts";
import { writeService } from "../../../systemd/installed-service.ts";
import { untilReady } from "../../../systemd/service-readiness.ts";
import { requireStablePlace } from "../../../systemd/stable-place.ts";
import { requireRootForService, requireSystemd, systemctl } from "../../../systemd/systemctl.ts";
import { unitName } from "../../../systemd/unit-file.ts";
import { type AnyCommand, defineCommand } from "../../command.ts";
import type { IndexEntry } from "../../index-entry.ts";
import { UsageError } from "../../input.ts";
import { StatusLine } from "../../output/status-line.ts";
import { parseCommandLine } from "../../program.ts";
import { ServerConnection } from "../../server-connection.ts";
import { dataOption } from "../../server-options.ts";
import { readUpSettings } from "../../service/up-settings.ts";
import { dorianVersion } from "../../version.ts";

interface Installed {
  url: string;
  version: string;
  dataDirectory: string;
}

/** `index`: the commands that there are, among them the one whose options it is given. */
export const install = (index: IndexEntry[]): AnyCommand =>
  defineCommand<Installed>({
    arguments: [
      { name: "options", description: "Behind --: options of `dorian up`", optional: true, variadic: true },
    ],
    options: [dataOption],
    notes: [
      "It starts now and whenever the machine does. Run it again to change options or the data directory.",
      "Variables go into /etc/dorian/environment, settings of systemd's into /etc/systemd/system/dorian.service.d/.",
    ],
    json: (installed) => installed,

    async run(input, { config, output, signal }) {
      const { dataDirectory } = config;
      const options = input.variadic("options");
      const { graceSecs } = await checked(options, index);
      requireSystemd();
      requireRootForService();
      const program = realpathSync(join(packageDirectory, "bin/dorian.js"));
      const node = realpathSync(process.execPath);
      for (const path of [program, node, dataDirectory]) requireStablePlace(path);
      makeDataDirectory(dataDirectory);
      using status = await StatusLine.open(output);
      status.set("Starting the service");
      await writeService({ node, program, dataDirectory, options, graceSecs });
      await systemctl("daemon-reload");
      await systemctl("enable", unitName);
      // One that runs with other options ends in order first.
      await systemctl("restart", unitName);
      const { url, info } = await untilReady(() => ServerConnection.ofData(config), { signal });
      return { url, version: info.version, dataDirectory };
    },

    render({ url, version, dataDirectory }, output) {
      const { green } = output.noteColors;
      output.note(
        `${green("✓")} Dorian ${version} is ready at ${url}, keeps its data in ${dataDirectory}, and starts with the machine.`,
      );
      output.note("Next: `dorian token new` for clients, `dorian backup DIR` from time to time.");
    },
  });

/** As `dorian up` will read them. @throws UsageError */
async function checked(options: string[], index: IndexEntry[]): Promise<{ graceSecs: number }> {
  if (options.some((option) => /^--data(=|$)/.test(option)))
    throw new UsageError(
      "--data stands behind the dashes.",
      "name it before them: dorian service install --data DIR -- …",
    );
  const parsed = await parseCommandLine(["up", ...options], {
    index,
    version: dorianVersion(),
    columns: 100,
  });
  if (parsed.kind === "text")
    throw new UsageError(`"${options.join(" ")}" asks for help.`, "`dorian up --help` lists the options.");
  return readUpSettings(parsed.input);
}
