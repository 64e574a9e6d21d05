import { ObjectCreationType } from "@dorian/protocol/modal";
import { deleteCommand } from "../../named/delete-command.ts";

export const command = deleteCommand({
  noun: "secret",
  loss: "? Functions that use it can start no container any more.",
  async find(server, deploymentName, options) {
    const request = { deploymentName, objectCreationType: ObjectCreationType.UNSPECIFIED };
    return (await server.modal.secretGetOrCreate(request, options)).secretId;
  },
  remove: (server, secretId, options) => server.modal.secretDelete({ secretId }, options),
});
