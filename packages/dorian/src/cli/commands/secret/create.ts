import { ObjectCreationType } from "@dorian/protocol/modal";
import { defineCommand } from "../../command.ts";
import { UsageError } from "../../input.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { completeValues, givenValues, valuesOfDotenv, valuesOfJson } from "../../question/secret-values.ts";

export const command = defineCommand<{ name: string; secretId: string; keys: string[] }>({
  arguments: [
    { name: "name", description: "Letters, digits, dashes, dots and underscores, at most 64" },
    { name: "values", description: "KEY=VALUE, or KEY to be asked for it", optional: true, variadic: true },
  ],
  options: [
    ...serverOptions,
    { name: "from-dotenv", value: "file", description: "Take what a .env file says; - reads standard input" },
    {
      name: "from-json",
      value: "file",
      description: "Take an object of texts in JSON; - reads standard input",
    },
    { name: "force", short: "f", description: "Overwrite a secret that exists" },
  ],
  notes: [
    "A value in the command line stands in the shell's history. A key without one, or with a dash, is",
    "asked for without showing it, or read from standard input, a line for each:",
    "  dorian secret create hub HF_TOKEN",
    "  dorian secret create hub HF_TOKEN < token.txt",
    "  dorian secret create database --from-dotenv .env HOST=db.lan",
    "Values are never shown again. Change one by creating the secret anew with --force.",
  ],
  json: (secret) => secret,

  async run(input, context) {
    const { config, signal, stdin } = context;
    const [dotenv, json] = [input.option("from-dotenv"), input.option("from-json")];
    const given = givenValues(input.variadic("values"));
    const asksStdin = [dotenv === "-", json === "-", !stdin.isTTY && [...given.values()].includes(undefined)];
    if (asksStdin.filter(Boolean).length > 1) {
      throw new UsageError("Standard input is wanted for two things.", "give one of them as a file.");
    }
    const envDict = {
      ...(dotenv === undefined ? {} : await valuesOfDotenv(dotenv, context)),
      ...(json === undefined ? {} : await valuesOfJson(json, context)),
      ...(await completeValues(given, context)),
    };
    const keys = Object.keys(envDict);
    if (keys.length === 0) {
      throw new UsageError(
        "There is nothing to put into the secret.",
        "add KEY=VALUE, KEY to be asked for it, or a file with --from-dotenv or --from-json.",
      );
    }
    const name = input.argument("name");
    using server = new ServerConnection(config);
    const { secretId } = await server.modal.secretGetOrCreate(
      {
        deploymentName: name,
        envDict,
        objectCreationType: input.flag("force")
          ? ObjectCreationType.CREATE_OVERWRITE_IF_EXISTS
          : ObjectCreationType.CREATE_FAIL_IF_EXISTS,
      },
      { signal },
    );
    return { name, secretId, keys };
  },

  render({ name, keys }, output) {
    const { green, dim } = output.noteColors;
    output.note(`${green("✓")} Created secret ${name} with ${keys.join(", ")}. Use it in an app:`);
    output.note("");
    output.note(
      dim(`  app.function({ name: "train", secrets: [Secret.fromName(${JSON.stringify(name)})] }, …)`),
    );
  },
});
