import { ModalClient } from "@dorian/protocol/modal";
import { methodEntries, type ServiceClient } from "@dorian/protocol/service";

type Client = ServiceClient<typeof ModalClient>;
type Method = (request: object, options?: object) => unknown;

/** A client whose requests are about the environment `name` where they name none. */
export function inEnvironment(modal: Client, name: string | undefined): Client {
  if (!name) return modal;
  const methods = modal as unknown as Record<string, Method>;
  const about: Record<string, Method> = {};
  for (const [method, { input }] of methodEntries(ModalClient)) {
    const call = methods[method];
    if (!call || !input.fields.some((field) => field.localName === "environmentName")) continue;
    about[method] = (request, options) =>
      call({ ...request, environmentName: named(request) || name }, options);
  }
  return { ...modal, ...about } as Client;
}

function named(request: object): unknown {
  return "environmentName" in request ? request.environmentName : "";
}
