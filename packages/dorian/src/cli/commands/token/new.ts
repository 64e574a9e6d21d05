import { AppError } from "@dorian/base/app-error";
import { defineCommand } from "../../command.ts";
import { type Credentials, readClientFile } from "../../config.ts";

export const command = defineCommand<Credentials>({
  options: [
    {
      name: "data",
      value: "directory",
      description: "Data directory of the server (or set DORIAN_DATA; else /var/lib/dorian)",
    },
    {
      name: "server",
      value: "url",
      description: "Address under which clients reach the server, if it differs",
    },
  ],
  notes: [
    "Run it on the server's machine; give the lines to the client's shell:",
    '  eval "$(dorian token new)"',
  ],
  json: (found) => ({
    MODAL_SERVER_URL: found.url,
    MODAL_TOKEN_ID: found.tokenId,
    MODAL_TOKEN_SECRET: found.tokenSecret,
  }),

  async run(input, { config }) {
    const file = readClientFile(config.dataDirectory);
    if (file.kind === "missing") {
      throw new AppError("TOKEN_MISSING", `There is no server's token in ${config.dataDirectory}.`, {
        status: "NOT_FOUND",
        remedy:
          "Run this on the server's machine as the server's user, with the --data that it was started with.",
        cause: file.reason,
      });
    }
    return { ...file.client, url: input.option("server") ?? file.client.url };
  },

  render(found, output) {
    output.print(`export MODAL_SERVER_URL=${quote(found.url)}`);
    output.print(`export MODAL_TOKEN_ID=${quote(found.tokenId)}`);
    output.print(`export MODAL_TOKEN_SECRET=${quote(found.tokenSecret)}`);
  },
});

function quote(text: string): string {
  return /^[\w:/.@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
