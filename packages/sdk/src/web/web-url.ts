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

/** An address that leads to the instance with these parameters: a class's web methods find them in the query. */
export function withParameters(url: string, parameters: Record<string, unknown>): string {
  const address = new URL(url);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    address.searchParams.set(
      name,
      value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value),
    );
  }
  return address.search === "" ? url : address.href;
}
