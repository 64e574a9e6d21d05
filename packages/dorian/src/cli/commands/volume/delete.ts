import { defineCommand } from "../../command.ts";
import { confirm } from "../../question/confirm.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireVolume } from "../../lookup/require-volume.ts";

export const command = defineCommand<{ deleted: boolean }>({
  arguments: [{ name: "volume", description: "Name of the volume" }],
  options: [...serverOptions, { name: "yes", short: "y", description: "Do not ask" }],

  async run(input, context) {
    const { config, signal } = context;
    const name = input.argument("volume");
    using server = new ServerConnection(config);
    const volumeId = await requireVolume(server, name, { signal });
    if (!input.flag("yes")) {
      const question = `Delete volume ${name} and every version of it? This cannot be undone.`;
      if (!(await confirm(question, context))) return { deleted: false };
    }
    await server.modal.volumeDelete({ volumeId }, { signal });
    return { deleted: true };
  },

  render({ deleted }, output, input) {
    const { green } = output.noteColors;
    output.note(
      deleted ? `${green("✓")} Deleted volume ${input.argument("volume")}.` : "Nothing was deleted.",
    );
  },
});
