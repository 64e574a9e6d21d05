import { AppError } from "@dorian/base/app-error";
import { AppState, type FunctionHandleMetadata } from "@dorian/protocol/modal";
import type { ServerConnection } from "../server-connection.ts";
import { nearestName } from "../lookup/nearest-name.ts";
import { requireApp } from "../lookup/require-app.ts";

export interface WebFunction {
  /** "hello", "Model.predict". */
  tag: string;
  url: string;
  /** False where it is known to let everybody in. */
  mayWantToken: boolean;
}

type Server = Pick<ServerConnection, "modal">;
type Options = { signal: AbortSignal };

/**
 * The web function that `app::function` or an address means.
 *
 * @throws AppError WEB_FUNCTION_NOT_FOUND, APP_NOT_FOUND, APP_AMBIGUOUS
 */
export async function requireWebFunction(
  server: ServerConnection,
  target: string,
  options: Options,
): Promise<WebFunction> {
  if (/^https?:/.test(target)) return await byAddress(server, target, options);
  const [app = "", tag = ""] = target.split("::");
  const found = await webFunctionsOf(server, await requireApp(server, app, options), options);
  const named = found.find((each) => each.tag === tag);
  if (named) return named;
  const tags = found.map((each) => each.tag);
  const near = nearestName(tag, tags);
  throw notFound(
    `App ${app} has no web function "${tag}".`,
    near ? `Did you mean ${near}?` : tags.length > 0 ? `It has ${tags.join(", ")}.` : "It has none at all.",
  );
}

async function byAddress(server: Server, address: string, options: Options): Promise<WebFunction> {
  const { origin } = new URL(address);
  const { apps } = await server.modal.appList({}, options);
  for (const { appId, state } of apps) {
    if (state === AppState.STOPPED) continue;
    const functions = await webFunctionsOf(server, appId, options);
    const found = functions.find(({ url }) => new URL(url).origin === origin);
    if (found) return { ...found, url: address };
  }
  throw notFound(
    `No web function of the server has the address ${origin}.`,
    "A token is sent to none but these. Name the function as app::function, or use curl itself.",
  );
}

/** Those of an app that have an address. */
export async function webFunctionsOf(
  server: Server,
  appId: string,
  options: Options,
): Promise<WebFunction[]> {
  const [{ appLayout }, { functionInfoSummaries }] = await Promise.all([
    server.modal.appGetLayout({ appId }, options),
    server.modal.appGetInfo({ appId }, options),
  ]);
  return (appLayout?.objects ?? []).flatMap(({ objectId, handleMetadataOneof }) => {
    if (handleMetadataOneof.case !== "functionHandleMetadata") return [];
    const metadata = handleMetadataOneof.value;
    const methods: FunctionHandleMetadata[] = Object.values(metadata.methodHandleMetadata);
    // Methods of one class are told of together.
    const isOpen = methods.length === 0 && functionInfoSummaries[objectId]?.requiresProxyAuth === false;
    return [metadata, ...methods]
      .filter(({ webUrl }) => webUrl !== "")
      .map(({ functionName, webUrl }) => ({ tag: functionName, url: webUrl, mayWantToken: !isOpen }));
  });
}

function notFound(message: string, remedy: string): AppError {
  return new AppError("WEB_FUNCTION_NOT_FOUND", message, { status: "NOT_FOUND", remedy });
}
