import type { ImageDefinition } from "@dorian/sdk/image/image-definition";
import type { Transport } from "@dorian/sdk/client/transport";
import { ImageResolver } from "./image-resolver.ts";
import { LocalDigests } from "./local-digests.ts";
import type { OnProgress } from "./progress.ts";

/** Has an image that needs none of the user's code built, for an app; returns its id. */
export async function buildImage(
  image: ImageDefinition,
  options: {
    transport: Transport;
    appId: string;
    forceBuild: boolean;
    ignoreCache: boolean;
    onProgress: OnProgress;
    signal: AbortSignal;
  },
): Promise<string> {
  const { modal } = options.transport;
  const digests = new LocalDigests(undefined);
  const noCode = { appName: "", modulePath: "", codeMountId: "" };
  return await new ImageResolver({ ...options, ...noCode, modal, digests }).resolve(image);
}
