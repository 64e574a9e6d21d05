import { createCommand } from "../../named/create-command.ts";

export const command = createCommand({
  noun: "queue",
  make: async (server, request, options) => (await server.modal.queueGetOrCreate(request, options)).queueId,
  use: { where: "an app", lines: (name) => [`const queue = Queue.fromName(${JSON.stringify(name)});`] },
});
