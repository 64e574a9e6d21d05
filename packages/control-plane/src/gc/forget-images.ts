import type { Function as FunctionDefinition } from "@dorian/protocol/modal";
import type { GarbageOptions } from "./collect-garbage.ts";

/** Forgets images and mounts that no function names and nobody has used since a time. */
export async function forgetImages(
  options: Pick<GarbageOptions, "journal" | "functions" | "images" | "mounts">,
  before: number,
): Promise<void> {
  const { journal, functions, images, mounts } = options;
  const named = { images: new Set<string>(), mounts: new Set<string>() };
  const note = (definition: FunctionDefinition | undefined) => {
    if (!definition) return;
    named.images.add(definition.imageId);
    for (const mountId of definition.mountIds) named.mounts.add(mountId);
  };
  for (const record of functions.all()) {
    note(record.definition);
    note(record.pending);
    for (const mountId of record.options?.mountIds ?? []) named.mounts.add(mountId);
  }
  const kept = new Set<string>();
  for (const image of images.all()) {
    const isKept = named.images.has(image.imageId) || image.usedAt >= before || image.state === "building";
    // What an image was built on stays with it: the chain says how it came about.
    if (isKept && images.get(image.imageId))
      for (const imageId of images.chain(image.imageId)) kept.add(imageId);
  }
  for (const image of [...images.all()].filter((each) => !kept.has(each.imageId))) {
    await journal.write(async (trx) => {
      await trx.deleteFrom("image_log").where("image_id", "=", image.imageId).execute();
      await trx.deleteFrom("image").where("image_id", "=", image.imageId).execute();
    });
    images.remove(image);
  }
  for (const mount of [...mounts.all()].filter((each) => !named.mounts.has(each.mountId))) {
    if (mount.usedAt < before) await mounts.remove(mount);
  }
}
