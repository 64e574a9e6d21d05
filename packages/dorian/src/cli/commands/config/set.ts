import { readUserSettings } from "@dorian/sdk/client/user-settings";
import { resolve } from "node:path";
import { ask } from "../../question/ask.ts";
import { defineCommand } from "../../command.ts";
import { type CommandContext } from "../../context.ts";
import { UsageError, type Input } from "../../input.ts";
import { readAtMost } from "../../question/read-at-most.ts";
import { settingOf, typedName, typedNames, type SettingName } from "../../config/setting-names.ts";
import { writePrivateFile } from "../../config/write-private-file.ts";

const maxBytes = 4096;

export const command = defineCommand<{ path: string; isLookedAt: boolean }>({
  arguments: [
    { name: "setting", description: `One of ${typedNames.join(", ")}` },
    {
      name: "value",
      description: "What it is to be; asked for, or read from standard input, when left out or -",
      optional: true,
    },
  ],
  notes: [
    "Holds for all programs of this user, those that use the SDK included:",
    "  dorian config set server https://dorian.example.com:7070",
    "  dorian config set token-id ak-…",
    "  dorian config set token-secret         # asks, and does not show it",
    "  dorian config set environment staging",
  ],

  async run(input, context) {
    const { settingsPath, dataDirectoryGiven } = context.config;
    const name = settingOf(input.argument("setting"));
    const value = checked(name, await givenValue(name, input, context), context.cwd);
    const settings = { ...readUserSettings(settingsPath), [name]: value };
    await writePrivateFile(settingsPath, `${JSON.stringify(settings, null, 2)}\n`);
    return { path: settingsPath, isLookedAt: !dataDirectoryGiven };
  },

  render({ path, isLookedAt }, output, input) {
    const { green, yellow } = output.noteColors;
    output.note(`${green("✓")} Set ${input.argument("setting")} in ${path}.`);
    if (isLookedAt) return;
    output.note(
      `${yellow("Warning:")} DORIAN_DATA names a data directory here, so the file is not looked at in this shell.`,
    );
  },
});

async function givenValue(name: SettingName, input: Input, context: CommandContext): Promise<string> {
  const given = input.optionalArgument("value") ?? "-";
  if (given !== "-") return given;
  if (!context.stdin.isTTY) return (await readAtMost("-", maxBytes, context)).toString().trim();
  return await ask(`${input.argument("setting")}:`, context, { hidden: name === "tokenSecret" });
}

/** @throws UsageError for what cannot be the setting's value */
function checked(name: SettingName, value: string, cwd: string): string {
  if (value === "" || (/\s/.test(value) && name !== "data"))
    throw new UsageError(`The value for ${typedName(name)} is empty or has spaces.`, "give one word.");
  if (name === "data") return resolve(cwd, value);
  if (name === "server" && !/^https?:\/\/[^/]+\/?$/.test(value)) {
    throw new UsageError(
      `"${value}" is not a server address.`,
      "give one such as http://127.0.0.1:7070 or https://dorian.example.com:7070.",
    );
  }
  const prefix = { tokenId: "ak-", tokenSecret: "as-", server: "", environment: "" }[name];
  if (!value.startsWith(prefix))
    throw new UsageError(
      `A ${name === "tokenId" ? "token's id" : "token's secret"} begins with ${prefix}.`,
      "`dorian token new` prints one.",
    );
  return value;
}
