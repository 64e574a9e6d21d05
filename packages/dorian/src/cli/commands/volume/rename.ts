import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireVolume } from "../../lookup/require-volume.ts";

export const command = defineCommand<void>({
  arguments: [
    { name: "volume", description: "Name of the volume" },
    { name: "new-name", description: "Name it gets" },
  ],
  options: serverOptions,

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const volumeId = await requireVolume(server, input.argument("volume"), { signal });
    await server.modal.volumeRename({ volumeId, name: input.argument("new-name") }, { signal });
  },

  render(_result, output, input) {
    output.note(
      `${output.noteColors.green("✓")} Renamed volume ${input.argument("volume")} to ${input.argument("new-name")}.`,
    );
  },
});
