import { requireDict } from "../../lookup/require-collection.ts";
import { deleteCommand } from "../../named/delete-command.ts";

export const command = deleteCommand({
  noun: "dict",
  loss: " and all that is in it?",
  find: requireDict,
  remove: (server, dictId, options) => server.modal.dictDelete({ dictId }, options),
});
