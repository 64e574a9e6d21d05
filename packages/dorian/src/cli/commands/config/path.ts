import { defineCommand } from "../../command.ts";

export const command = defineCommand<string>({
  notes: ["Another one is named by DORIAN_CONFIG. It need not be there."],

  async run(_input, { config }) {
    return config.settingsPath;
  },

  render(path, output) {
    output.print(path);
  },
});
