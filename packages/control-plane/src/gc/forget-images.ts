import type { Function as FunctionDefinition } from "@dorian/protocol/modal";
import { keptDefinitions } from "../catalog/app/app-versions.ts";
import { isPin } from "../catalog/function/function-record.ts";
import { removeImage } from "../catalog/image/image-registry.ts";
import type { GarbageOptions } from "./garbage-options.ts";

/**
 * Forgets images and mounts that no function, no version of an app and no client names and nobody has used since a time.
 * Without `keepVersions`, versions other than those that run do not count.
 */
export async function forgetImages(
  options: Pick<GarbageOptions, "db" | "journal" | "functions" | "images" | "mounts" | "mountNames">,
  { before, keepVersions }: { before: number; keepVersions: boolean },
): Promise<void> {
  const { db, journal, functions, images, mounts, mountNames } = options;
  const named = { images: images.tags.named(), mounts: new Set<string>() };
  const note = (definition: FunctionDefinition | undefined) => {
    if (!definition) return;
    named.images.add(definition.imageId);
    for (const mountId of definition.mountIds) named.mounts.add(mountId);
  };
  for (const record of functions.all()) {
    // Pins are kept as the versions are that they stay with.
    if (!isPin(record)) note(record.definition);
    note(record.pending);
    for (const mountId of record.options?.mountIds ?? []) named.mounts.add(mountId);
  }
  if (keepVersions) for await (const definition of keptDefinitions(db)) note(definition);
  const kept = new Set<string>();
  for (const image of images.all()) {
    const isKept = named.images.has(image.imageId) || image.usedAtMs >= before || image.state === "building";
    // What an image was built on stays with it: the chain says how it came about.
    if (isKept && images.get(image.imageId))
      for (const imageId of images.chain(image.imageId)) kept.add(imageId);
  }
  for (const image of [...images.all()].filter((each) => !kept.has(each.imageId))) {
    await removeImage({ images, journal }, image);
  }
  // Those with names that the platform made it can make again.
  for (const mountId of mountNames.sentMounts()) named.mounts.add(mountId);
  for (const mount of [...mounts.all()].filter((each) => !named.mounts.has(each.mountId))) {
    if (mount.usedAtMs >= before) continue;
    await mountNames.forget(mount.mountId);
    await mounts.remove(mount);
  }
}
