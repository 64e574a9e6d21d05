import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireVolume } from "../../lookup/require-volume.ts";

export const command = defineCommand<void>({
  arguments: [
    { name: "volume", description: "Name of the volume" },
    { name: "path", description: "File or directory in it" },
  ],
  options: [
    ...serverOptions,
    { name: "recursive", short: "r", description: "Remove a directory and what is in it" },
  ],

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const volumeId = await requireVolume(server, input.argument("volume"), { signal });
    await server.modal.volumeRemoveFile2(
      { volumeId, path: input.argument("path"), recursive: input.flag("recursive") },
      { signal },
    );
  },

  render(_result, output, input) {
    output.note(
      `${output.noteColors.green("✓")} Removed ${input.argument("path")} from ${input.argument("volume")}.`,
    );
  },
});
