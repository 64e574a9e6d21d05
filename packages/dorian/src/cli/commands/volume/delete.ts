import { requireVolume } from "../../lookup/require-volume.ts";
import { deleteCommand } from "../../named/delete-command.ts";

export const command = deleteCommand({
  noun: "volume",
  loss: " and every version of it?",
  find: requireVolume,
  remove: (server, volumeId, options) => server.modal.volumeDelete({ volumeId }, options),
});
