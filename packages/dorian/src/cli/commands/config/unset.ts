import { readUserSettings } from "@dorian/sdk/client/user-settings";
import { defineCommand } from "../../command.ts";
import { settingOf, typedNames } from "../../config/setting-names.ts";
import { writePrivateFile } from "../../config/write-private-file.ts";

export const command = defineCommand<{ wasSet: boolean }>({
  arguments: [{ name: "setting", description: `One of ${typedNames.join(", ")}` }],

  async run(input, { config }) {
    const name = settingOf(input.argument("setting"));
    const { [name]: former, ...others } = readUserSettings(config.settingsPath);
    if (former === undefined) return { wasSet: false };
    await writePrivateFile(config.settingsPath, `${JSON.stringify(others, null, 2)}\n`);
    return { wasSet: true };
  },

  render({ wasSet }, output, input) {
    const { green } = output.noteColors;
    const name = input.argument("setting");
    output.note(wasSet ? `${green("✓")} ${name} is set no more.` : `${name} was not set.`);
  },
});
