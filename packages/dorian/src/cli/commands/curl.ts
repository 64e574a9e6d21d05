import { AppError } from "@dorian/base/app-error";
import { defineCommand } from "../command.ts";
import { UsageError } from "../input.ts";
import { runCurl } from "../curl/run-curl.ts";
import { ServerConnection } from "../server-connection.ts";
import { serverOptions } from "../server-options.ts";
import { curlArguments } from "../curl/curl-arguments.ts";
import { requireWebFunction } from "../curl/web-function.ts";

/** A token whose `dorian curl` was killed ends by itself. Longer than clients that are told to come back wait (150 s). */
const idleSeconds = 600;

export const command = defineCommand<number>({
  arguments: [
    {
      name: "words",
      description: "Options of curl, and app::function or a web function's address, with a path behind it",
      variadic: true,
    },
  ],
  // curl has a --data of its own.
  options: serverOptions.filter(({ name }) => name !== "data"),
  argumentsOfTarget: true,
  notes: [
    "Runs curl, with a proxy token for functions that want one. The token is made for this request",
    "and deleted behind it (ten minutes later, should this be killed); it is sent to web functions of the server alone.",
    "  dorian curl shop::hello",
    '  dorian curl shop::Model.predict /v1?size=3 -X POST -d \'{"of": "cats"}\' --fail',
    "  dorian curl -N http://127.0.0.1:7100/events",
    "It ends with curl's exit code, which with --fail tells of a status of 400 and more.",
  ],

  async run(input, { config, signal }) {
    const given = curlArguments(input.variadic("words"));
    if (!given) {
      throw new UsageError(
        "No word names a web function.",
        "write app::function, or the address that `deploy` told, before curl's options.",
      );
    }
    using server = new ServerConnection(config);
    const { url, mayWantToken } = await requireWebFunction(server, given.target, { signal });
    const address = given.path === "" ? url : `${url.replace(/\/$/, "")}${given.path}`;
    const args = [...given.before, address, ...given.after];
    const trust: [string, string][] =
      server.trust && address.startsWith("https:") ? [["cacert", server.trust.all]] : [];
    if (!mayWantToken) return await runCurl(args, trust, signal);
    const token = await server.modal.webhookTokenCreate({ name: "dorian curl", idleSeconds }, { signal });
    const { tokenId, tokenSecret } = token;
    // curl takes an authorization to no other host when it is sent there.
    const headers = given.hasAuthorization
      ? [`Modal-Key: ${tokenId}`, `Modal-Secret: ${tokenSecret}`]
      : [`Authorization: Bearer ${tokenId}.${tokenSecret}`];
    try {
      return await runCurl(
        args,
        [...trust, ...headers.map((header): [string, string] => ["header", header])],
        signal,
      );
    } finally {
      // One that ended by itself, or with a server that began anew, is as good as removed.
      await server.modal.webhookTokenDelete({ tokenId }).catch((error: unknown) => {
        if (!AppError.is(error) || error.code !== "PROXY_TOKEN_NOT_FOUND") throw error;
      });
    }
  },

  render() {},
  exitCode: (code) => code,
});
