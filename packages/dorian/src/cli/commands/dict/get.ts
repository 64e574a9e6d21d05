import { AppError } from "@dorian/base/app-error";
import { defineCommand } from "../../command.ts";
import { UsageError } from "../../input.ts";
import { formatValue } from "../../output/value.ts";
import { ServerConnection } from "../../server-connection.ts";
import { serverOptions } from "../../server-options.ts";
import { givenKey, keyOption } from "../../item/given-item.ts";
import { requireDict } from "../../lookup/require-collection.ts";
import { storedValue } from "../../item/stored-value.ts";

export const command = defineCommand<{ value: unknown } | undefined>({
  arguments: [
    { name: "dict", description: "Name of the dict" },
    { name: "key", description: "Of the value" },
  ],
  options: [
    ...serverOptions,
    keyOption,
    { name: "raw", description: "Write the value's bytes as they are stored, in a pickle or CBOR" },
  ],
  notes: ["  dorian dict get settings color", "A text is printed as it is, everything else as JSON."],
  json: (found) => found?.value ?? null,

  async run(input, { config, output, signal }) {
    if (input.flag("raw") && input.flag("json"))
      throw new UsageError("--raw writes bytes, and --json writes JSON.", "give one of them.");
    using server = new ServerConnection(config);
    const [name, key] = [input.argument("dict"), input.argument("key")];
    const dictId = await requireDict(server, name, { signal });
    const found = await server.modal.dictGet({ dictId, key: givenKey(input) }, { signal });
    if (!found.found || found.value === undefined) {
      throw new AppError("DICT_KEY_NOT_FOUND", `Dict ${name} has no key "${key}".`, {
        status: "NOT_FOUND",
        remedy: `\`dorian dict items ${name}\` shows those that there are; one that is a number wants --json-key.`,
      });
    }
    if (input.flag("raw")) {
      await output.writeBytes(found.value);
      return undefined;
    }
    const stored = storedValue(found.value);
    if ("value" in stored) return stored;
    throw new AppError("VALUE_NOT_READABLE", `The value of "${key}" cannot be shown. ${stored.unreadable}`, {
      status: "FAILED_PRECONDITION",
      remedy: `Get it in Python with modal.Dict.from_name(${JSON.stringify(name)}), or its bytes with --raw.`,
    });
  },

  render(found, output) {
    if (!found) return;
    const text = formatValue(found.value, output.columns);
    // A file or a program gets it byte for byte; a terminal would obey what somebody has put there.
    if (output.stdoutIsTerminal) output.print(text);
    else output.pass("stdout", `${text}\n`);
  },
});
