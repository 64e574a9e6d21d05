import { restoreBackup } from "../../backup/restore-backup.ts";
import { formatBytes } from "../../format-bytes.ts";
import { defineCommand } from "../command.ts";
import { ByteView } from "../output/byte-view.ts";
import { StatusLine } from "../output/status-line.ts";
import { dataOption } from "../server-options.ts";
import { dorianVersion } from "../version.ts";

interface Restored {
  directory: string;
  dataDirectory: string;
  /** The Dorian that made the backup. */
  version: string;
  takenAt: string;
  layers: number;
  bytes: number;
  missing: string[];
}

export const command = defineCommand<Restored>({
  arguments: [{ name: "directory", description: "What `dorian backup` wrote" }],
  options: [dataOption],
  notes: ["The data directory has to be empty, or not to be there. All of the backup is checked."],
  json: (restored) => restored,

  async run(input, { config, output, signal }) {
    const { dataDirectory } = config;
    const directory = input.argument("directory");
    using status = await StatusLine.open(output);
    status.set(`Restoring ${directory}`);
    const { version, takenAt, layers, blobs, missing } = await restoreBackup({
      directory,
      dataDirectory,
      version: dorianVersion(),
      onProgress: new ByteView(output, status).onProgress,
      signal,
    });
    const sizes = [...Object.values(layers).map(({ bytes }) => bytes), ...Object.values(blobs)];
    const bytes = sizes.reduce((sum, each) => sum + each, 0);
    return { directory, dataDirectory, version, takenAt, layers: Object.keys(layers).length, bytes, missing };
  },

  render({ directory, dataDirectory, version, takenAt, layers, bytes, missing }, output) {
    const { green, yellow } = output.noteColors;
    output.note(
      `${green("✓")} Restored ${directory} to ${dataDirectory}: taken ${takenAt} by Dorian ${version}, ${layers} layers, ${formatBytes(bytes)}. Next: dorian up --data ${dataDirectory}`,
    );
    if (missing.length > 0)
      output.note(`${yellow("Warning:")} The server lacked ${missing.length} of what its state names.`);
  },
});
