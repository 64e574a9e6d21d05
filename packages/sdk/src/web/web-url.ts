import { AppError } from "@dorian/base/app-error";
import type { FunctionHandleMetadata } from "@dorian/protocol/modal";
import { transport } from "../client/current-transport.ts";

/**
 * The address of a web function, or of a method by its name, as the server tells it.
 *
 * @throws AppError FUNCTION_NOT_WEB
 */
export async function webUrl(name: string, functionId: string, methodName = ""): Promise<string> {
  const { modal } = await transport();
  const { handleMetadata } = await modal.functionGetById({ functionId });
  return urlIn(name, handleMetadata, methodName);
}

/** The address in what is known of a function. @throws AppError FUNCTION_NOT_WEB */
export function urlIn(name: string, metadata: FunctionHandleMetadata | undefined, methodName = ""): string {
  const said = methodName === "" ? metadata : metadata?.methodHandleMetadata[methodName];
  if (said?.webUrl) return said.webUrl;
  throw new AppError("FUNCTION_NOT_WEB", `${name} has no address: it does not serve the web.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Make it with app.web(…) or app.webServer(…), or put @web() or @webServer(…) on the method.",
  });
}

/**
 * Refuses to name an address for what it does not lead to. `made` says what the handle was made with, besides parameters.
 *
 * @throws AppError WEB_ADDRESS_OF_ANOTHER
 */
export function requireAsDeployed(
  name: string,
  { options = {}, version }: { options?: object | undefined; version?: number | undefined },
): void {
  if (Object.values(options).some((value) => value !== undefined))
    throw addressOfAnother(`${name} with other options`);
  if (version !== undefined) throw addressOfAnother(`${name} of version ${version}`);
}

export function addressOfAnother(what: string): AppError {
  return new AppError(
    "WEB_ADDRESS_OF_ANOTHER",
    `${what} has no address: requests run the newest version, as it was deployed.`,
    {
      status: "INVALID_ARGUMENT",
      remedy:
        "Ask for the address of the newest version without withOptions(), or deploy what it shall lead to.",
    },
  );
}

/**
 * An address that leads to the instance with these parameters: a class's web methods find them in the query.
 *
 * @throws AppError PARAMETER_INVALID for bytes that are no text
 */
export function withParameters(url: string, parameters: Record<string, unknown>): string {
  const address = new URL(url);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    address.searchParams.set(name, value instanceof Uint8Array ? textOf(name, value) : String(value));
  }
  return address.search === "" ? url : address.href;
}

function textOf(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new AppError("PARAMETER_INVALID", `Parameter "${name}" has bytes that are not UTF-8.`, {
      status: "INVALID_ARGUMENT",
      remedy: "An address holds text alone: give such bytes to remote(), or make the parameter a string.",
      cause: error,
    });
  }
}
