import { ObjectCreationType } from "@dorian/protocol/modal";
import { defineCommand } from "../../command.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";

export const command = defineCommand<{ volumeId: string; name: string }>({
  arguments: [{ name: "name", description: "Letters, digits, dashes, dots and underscores, at most 64" }],
  options: serverOptions,
  json: (volume) => volume,

  async run(input, { config, signal }) {
    using server = new ServerConnection(config);
    const name = input.argument("name");
    const { volumeId } = await server.modal.volumeGetOrCreate(
      { deploymentName: name, objectCreationType: ObjectCreationType.CREATE_FAIL_IF_EXISTS },
      { signal },
    );
    return { volumeId, name };
  },

  render({ volumeId, name }, output) {
    const { green, dim } = output.noteColors;
    output.note(`${green("✓")} Created volume ${name} (${volumeId}). Use it in an app:`);
    output.note("");
    output.note(dim(`  const volume = Volume.fromName(${JSON.stringify(name)});`));
    output.note(dim('  app.function({ name: "train", volumes: { "/vol": volume } }, async () => {'));
    output.note(dim('    await writeFile("/vol/hello.txt", "hello");'));
    output.note(dim("    await volume.commit();"));
    output.note(dim("  });"));
  },
});
