import { type Backup, backUp } from "../backup/back-up.ts";
import { formatBytes } from "../../format-bytes.ts";
import { defineCommand } from "../command.ts";
import { formatDuration } from "../output/duration.ts";
import { dataOption } from "../server-options.ts";

export const command = defineCommand<Backup>({
  arguments: [
    {
      name: "directory",
      description: "Where to put it; what an earlier backup has there is not copied again",
    },
  ],
  options: [dataOption],
  notes: [
    "It holds everything, secrets and tokens among it: only its owner may enter the directory.",
    "On the file system of the data directory it shares files with it, which saves from mistakes and not from the end of the disk.",
  ],
  json: (backup) => backup,

  run: (input, context) => backUp(input.argument("directory"), context),

  render(backup, output) {
    const { green, yellow, dim } = output.noteColors;
    const { directory, dataDirectory, layers, bytes, newBytes, missing, milliseconds } = backup;
    const numbers = `${layers} layers, ${formatBytes(bytes)}, ${formatBytes(newBytes)} of it new, in ${formatDuration(milliseconds)}`;
    output.note(`${green("✓")} Backed up ${dataDirectory} to ${directory} ${dim(`(${numbers})`)}.`);
    if (backup.sharesFiles)
      output.note(`${yellow("Warning:")} It is on the disk of the data directory, and does not outlive it.`);
    if (missing.length > 0) {
      const some = missing.slice(0, 3).join(", ") + (missing.length > 3 ? ", …" : "");
      output.note(
        `${yellow("Warning:")} The data directory lacks ${missing.length} of what its state names: ${some}.`,
      );
    }
  },
});
