import { defineCommand } from "../../command.ts";
import { UsageError } from "../../input.ts";
import { StatusLine } from "../../output/status-line.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { requireApp } from "../../lookup/require-app.ts";

interface Rollback {
  appId: string;
  /** The new one, which runs what an earlier one ran. */
  version: number;
}

/** How many deployments ago, where no version is named. */
const oneBefore = -1;

export const command = defineCommand<Rollback>({
  arguments: [
    { name: "app", description: "Name or id of the app" },
    {
      name: "version",
      description: "Version to go back to, as `app history` has it; the one before when left out",
      optional: true,
    },
  ],
  options: serverOptions,
  notes: ["What that version ran becomes a new version. Containers of the old one end what they work on."],
  json: (rollback) => rollback,

  async run(input, { config, output, signal }) {
    const version = versionOf(input.optionalArgument("version"));
    using server = new ServerConnection(config);
    const appId = await requireApp(server, input.argument("app"), { signal });
    using status = await StatusLine.open(output);
    status.set(`Going back to ${version === oneBefore ? "the version before" : `version ${version}`}`);
    await server.modal.appRollback({ appId, version }, { signal });
    const { lifecycle } = await server.modal.appGetLifecycle({ appId }, { signal });
    return { appId, version: lifecycle?.version ?? 0 };
  },

  render({ appId, version }, output, input) {
    const { green } = output.noteColors;
    output.note(
      `${green("✓")} App ${input.argument("app")} (${appId}) runs what it ran before, as version ${version}.`,
    );
  },
});

/** "3" or "v3". */
function versionOf(text: string | undefined): number {
  if (text === undefined) return oneBefore;
  const version = Number(text.replace(/^v/, ""));
  if (Number.isSafeInteger(version) && version > 0 && version < 2 ** 31) return version;
  throw new UsageError(
    `"${text}" is no version.`,
    "give its number, such as 3; `dorian app history` lists them.",
  );
}
