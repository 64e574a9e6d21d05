import type { Image } from "@dorian/sdk";
import type { Registered } from "@dorian/sdk/class/registered";
import { classImage } from "./class-image.ts";
import type { DeploySession } from "./deploy-session.ts";
import { functionMessage, type FunctionInit } from "./function-message.ts";
import type { ImageResolver } from "./image-resolver.ts";
import { ownMessage } from "./own-message.ts";
import { resolveBuckets } from "./resolve-buckets.ts";
import { resolveSecrets } from "./resolve-secret.ts";
import { resolveVolumes } from "./resolve-volumes.ts";
import { secretsOf } from "./secrets-of.ts";

/** What is known of a function before its image is there. */
export function announcedOf({ modulePath }: DeploySession, { options, tag }: Registered): FunctionInit {
  const entrypoint = { modulePath, objectTag: tag };
  return functionMessage({ options, imageId: "", mountIds: [], secretIds: [], volumeMounts: [], entrypoint });
}

/** All that the server has to know of a function: its image is built by then, its volumes and secrets found. */
export async function definitionOf(
  session: DeploySession,
  images: ImageResolver,
  item: Registered,
  fallbackImage: Image,
): Promise<FunctionInit> {
  // What is wrong with it is told before an image is built.
  const own = ownMessage(item);
  const image = item.options.image ?? fallbackImage;
  const secrets = secretsOf(item);
  const [imageId, secretIds, volumeMounts, cloudBucketMounts, localMountIds] = await Promise.all([
    classImage(images, item, image),
    resolveSecrets(session, secrets),
    resolveVolumes(session, item.options.volumes),
    resolveBuckets(session, item.options.volumes),
    images.mountIds(image),
  ]);
  const mountIds = [session.codeMountId, ...localMountIds];
  return {
    ...functionMessage({
      options: item.options,
      imageId,
      mountIds,
      secretIds,
      volumeMounts,
      entrypoint: { modulePath: session.modulePath, objectTag: item.tag },
    }),
    ...own,
    cloudBucketMounts,
    appName: session.appName,
    objectDependencies: [...secretIds, imageId, ...volumeMounts.map((mount) => mount.volumeId)].map(
      (objectId) => ({ objectId }),
    ),
  };
}
