import { createCommand } from "../../named/create-command.ts";

export const command = createCommand({
  noun: "dict",
  make: async (server, request, options) => (await server.modal.dictGetOrCreate(request, options)).dictId,
  use: { where: "an app", lines: (name) => [`const dict = Dict.fromName(${JSON.stringify(name)});`] },
});
