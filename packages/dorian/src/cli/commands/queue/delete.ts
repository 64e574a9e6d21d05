import { requireQueue } from "../../lookup/require-collection.ts";
import { deleteCommand } from "../../named/delete-command.ts";

export const command = deleteCommand({
  noun: "queue",
  loss: " and all that is in it?",
  find: requireQueue,
  remove: (server, queueId, options) => server.modal.queueDelete({ queueId }, options),
});
