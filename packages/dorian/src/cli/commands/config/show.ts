import { userSettingNames } from "@dorian/sdk/client/user-settings";
import { join } from "node:path";
import { defineCommand } from "../../command.ts";
import { readClientFile, settings, type Config, type Credentials } from "../../config/config.ts";
import { renderTable } from "../../output/table.ts";
import { serverOptions } from "../../server-options.ts";
import { typedName, type SettingName } from "../../config/setting-names.ts";

interface Shown {
  setting: string;
  /** Null for one that is not set; a secret is never shown. */
  value: string | null;
  /** What says so. */
  from: string;
}

export const command = defineCommand<Shown[]>({
  options: serverOptions,
  notes: [
    "An option wins over a variable, a variable over the file of settings (`dorian config path`), and that",
    "over client.json, which a server on this machine writes. Where an option or a variable names the data",
    "directory, the file of settings is not looked at.",
  ],
  json: (shown) => shown,

  async run(_input, { config }) {
    const file = readClientFile(config.dataDirectory);
    const client = file.kind === "found" ? file.client : undefined;
    return userSettingNames.map((name) => shownSetting(name, config, client));
  },

  render(shown, output) {
    output.print(
      renderTable<Shown>(
        [
          { title: "Setting", value: ({ setting }) => setting },
          { title: "Value", value: ({ value }) => value ?? "-" },
          { title: "From", value: ({ from }) => from },
        ],
        shown,
        output.colors,
      ),
    );
  },
});

function shownSetting(name: SettingName, config: Config, client: Credentials | undefined): Shown {
  const setting = typedName(name);
  const origin = config.origins[name];
  const value = name === "data" ? config.dataDirectory : config[name];
  if (origin !== undefined && value !== undefined)
    return { setting, value: masked(name, value), from: origin };
  if (name === "data") return { setting, value: settings.dataDirectory.default, from: "default" };
  if (name === "environment") return { setting, value: null, from: "the server's default, or the token's" };
  const written = client?.[name === "server" ? "url" : name];
  const path = join(config.dataDirectory, "client.json");
  if (written === undefined) return { setting, value: null, from: `not set; no server has written ${path}` };
  return { setting, value: masked(name, written), from: path };
}

function masked(name: SettingName, value: string): string {
  return name === "tokenSecret" ? "(hidden)" : value;
}
