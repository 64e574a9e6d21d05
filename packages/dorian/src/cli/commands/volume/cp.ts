import { defineCommand } from "../../command.ts";
import { UsageError } from "../../input.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireVolume } from "../../lookup/require-volume.ts";

export const command = defineCommand<{ sources: string[]; destination: string }>({
  arguments: [
    { name: "volume", description: "Name of the volume" },
    { name: "paths", description: "What to copy, then where to", variadic: true },
  ],
  options: [
    ...serverOptions,
    { name: "recursive", short: "r", description: "Copy directories and what is in them" },
  ],
  notes: [
    "Both ends are in the same volume, and no bytes are copied: the new names share the old ones' content.",
  ],

  async run(input, { config, signal }) {
    const paths = input.variadic("paths");
    const destination = paths.at(-1);
    const sources = paths.slice(0, -1);
    if (destination === undefined || sources.length === 0) {
      throw new UsageError(
        "Both a path to copy and a path to copy it to are needed.",
        "write `dorian volume cp <volume> <from> <to>`.",
      );
    }
    using server = new ServerConnection(config);
    const volumeId = await requireVolume(server, input.argument("volume"), { signal });
    await server.modal.volumeCopyFiles2(
      { volumeId, srcPaths: sources, dstPath: destination, recursive: input.flag("recursive") },
      { signal },
    );
    return { sources, destination };
  },

  render({ sources, destination }, output) {
    output.note(`${output.noteColors.green("✓")} Copied ${sources.join(", ")} to ${destination}.`);
  },
});
