import type { OptionDefinition } from "./command.ts";

/** Options of every command that talks to a server. */
export const serverOptions: readonly OptionDefinition[] = [
  { name: "server", value: "url", description: "Server to talk to (or set MODAL_SERVER_URL)" },
  {
    name: "data",
    value: "directory",
    description: "Data directory of a server on this machine (or set DORIAN_DATA; else /var/lib/dorian)",
  },
];
