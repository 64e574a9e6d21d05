import { AppError } from "@dorian/base/app-error";
import { defineCommand } from "../../command.ts";
import { type Config, type Credentials, readClientFile } from "../../config/config.ts";
import { UsageError, type Input } from "../../input.ts";
import { profileSection, writeProfile } from "../../config/modal-profile.ts";
import { ServerConnection } from "../../server-connection.ts";

interface NewToken extends Credentials {
  /** Set when it was asked for in this form. */
  profile: string | undefined;
  writtenTo: string | undefined;
}

const secondsPerDay = 24 * 3600;
/** What the server's own token cannot have. */
const limits = ["environment", "read-only", "expires", "days"] as const;

export const command = defineCommand<NewToken>({
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
    {
      name: "name",
      value: "name",
      description: "Make a token of its own under this name, which can be revoked, instead of the server's",
    },
    {
      name: "environment",
      value: "environment",
      description: "With --name: the only environment that it reaches; else all",
    },
    { name: "read-only", description: "With --name: it changes nothing and runs nothing" },
    {
      name: "expires",
      value: "time",
      description: "With --name: how long it is valid, such as 30d or 12h; else until it is revoked",
    },
    { name: "days", value: "days", description: "As --expires, in days" },
    {
      name: "profile",
      value: "profile",
      description: "Print it as a profile for the official clients, under this name",
    },
    {
      name: "write",
      description: "Write the profile into ~/.modal.toml (or MODAL_CONFIG_PATH); else `dorian`",
    },
  ],
  notes: [
    "Run it on the server's machine; give the lines to the client's shell:",
    '  eval "$(dorian token new)"',
    "or make it the profile that the official clients use:",
    "  dorian token new --write",
  ],
  json: (found) => ({
    MODAL_SERVER_URL: found.url,
    MODAL_TOKEN_ID: found.tokenId,
    MODAL_TOKEN_SECRET: found.tokenSecret,
    ...trustVariables(found),
  }),

  async run(input, { config, signal }) {
    const name = input.option("name");
    const limit = limits.find((each) => name === undefined && input.flag(each));
    if (limit !== undefined) {
      throw new UsageError(
        `--${limit} is for a token of its own.`,
        "Give it a name with --name: the server's own token allows everything.",
      );
    }
    const found =
      name === undefined ? ownToken(input, config) : await namedToken(name, input, config, signal);
    const profile = input.option("profile") ?? (input.flag("write") ? "dorian" : undefined);
    if (!input.flag("write")) return { ...found, profile, writtenTo: undefined };
    await writeProfile(config.modalConfigPath, profile ?? "dorian", found);
    return { ...found, profile, writtenTo: config.modalConfigPath };
  },

  render(found, output) {
    if (found.writtenTo !== undefined) {
      const { green } = output.noteColors;
      output.note(
        `${green("✓")} Wrote the profile ${found.profile ?? ""} into ${found.writtenTo}; it is the active one.`,
      );
      if (found.trust) for (const line of trustAdvice(found.trust)) output.note(line);
      return;
    }
    if (found.profile !== undefined) {
      output.print(profileSection(found.profile, found).trimEnd());
      return;
    }
    output.print(`export MODAL_SERVER_URL=${quote(found.url)}`);
    output.print(`export MODAL_TOKEN_ID=${quote(found.tokenId)}`);
    output.print(`export MODAL_TOKEN_SECRET=${quote(found.tokenSecret)}`);
    for (const [name, path] of Object.entries(trustVariables(found))) {
      output.print(`export ${name}=${quote(path)}`);
    }
    if (found.trust) for (const line of trustAdvice(found.trust)) output.note(line);
  },
});

/** What makes clients trust a server whose certificate is of its own making. */
function trustVariables({ trust }: Credentials): Record<string, string> {
  if (!trust) return {};
  // Node adds to what it trusts; gRPC for Node, Go, and whatever stands on OpenSSL have one file for everything.
  return {
    NODE_EXTRA_CA_CERTS: trust.authority,
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: trust.all,
    SSL_CERT_FILE: trust.all,
  };
}

function trustAdvice({ authority, all }: NonNullable<Credentials["trust"]>): string[] {
  return [
    `The server has an authority of its own: clients trust it with NODE_EXTRA_CA_CERTS=${authority} (Node) or SSL_CERT_FILE=${all} (Go, OpenSSL).`,
    "A client on another machine needs a copy of the file.",
    "The Python client looks in its own list alone. Where it is installed, once:",
    `  cat ${authority} >> "$(python -m certifi)"`,
  ];
}

function ownToken(input: Input, config: Config): Credentials {
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
}

async function namedToken(
  name: string,
  input: Input,
  config: Config,
  signal: AbortSignal,
): Promise<Credentials> {
  const days = input.positiveNumber("days") ?? 0;
  const validSecs = input.lengthOfTime("expires") ?? Math.round(days * secondsPerDay);
  const isHere = readClientFile(config.dataDirectory).kind === "found";
  // A server on this machine is asked with its own token, whatever address clients are to be told.
  const own = { ...config, server: undefined, tokenId: undefined, tokenSecret: undefined };
  using server = new ServerConnection(isHere ? own : config);
  const request = {
    name,
    validSecs,
    environmentName: input.option("environment") ?? "",
    readOnly: input.flag("read-only"),
  };
  const { token, tokenSecret } = await server.operator.tokenCreate(request, { signal });
  return {
    url: input.option("server") ?? server.url,
    tokenId: token?.tokenId ?? "",
    tokenSecret,
    ...(server.trust ? { trust: server.trust } : {}),
  };
}

function quote(text: string): string {
  return /^[\w:/.@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
