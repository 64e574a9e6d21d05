import type { OptionDefinition } from "./command.ts";

export const dataOption: OptionDefinition = {
  name: "data",
  value: "directory",
  description: "Data directory of a server on this machine (or set DORIAN_DATA; else /var/lib/dorian)",
};

/** Options of every command that talks to a server. */
export const connectionOptions: readonly OptionDefinition[] = [
  { name: "server", value: "url", description: "Server to talk to (or set MODAL_SERVER_URL)" },
  dataOption,
];

/** Those of commands about what lives in an environment. */
export const serverOptions: readonly OptionDefinition[] = [
  ...connectionOptions,
  {
    name: "environment",
    value: "environment",
    description: "Environment that it is about (or set MODAL_ENVIRONMENT; else the server's default one)",
  },
];

/** For commands that say how far they are. */
export const quietOption: OptionDefinition = {
  name: "quiet",
  short: "q",
  description: "Show results, warnings and errors alone",
};
