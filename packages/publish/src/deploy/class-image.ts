import type { Image } from "@dorian/sdk";
import type { Registered, RegisteredClass } from "@dorian/sdk/class/registered";
import type { ImageResolver } from "./image-resolver.ts";
import { secretsOf } from "./secrets-of.ts";

/** A class's `@build` methods are steps on top of its image, in the order they are defined in. */
export async function classImage(images: ImageResolver, item: Registered, image: Image): Promise<string> {
  let imageId = await images.resolve(image);
  if (item.kind === "function") return imageId;
  for (const mark of buildMarks(item)) {
    const { gpu, cpu, memory, volumes } = item.options;
    const secrets = secretsOf(item);
    imageId = await images.runBuildFunction(imageId, {
      name: `${item.tag}.${mark.name}`,
      objectTag: item.tag,
      isMethod: true,
      owner: ownerOf(item.target, mark.name),
      mountIds: await images.mountIds(image),
      run: (item.target.prototype as Record<string, never>)[mark.name] as never,
      options: {
        ...(gpu === undefined ? {} : { gpu }),
        ...(cpu === undefined ? {} : { cpu }),
        ...(memory === undefined ? {} : { memory }),
        ...(volumes === undefined ? {} : { volumes }),
        ...(mark.timeout === undefined ? {} : { timeout: mark.timeout }),
        secrets,
      },
      args: [],
      forceBuild: mark.forceBuild ?? false,
    });
  }
  return imageId;
}

/** The class that defines a method: the target or one of its base classes. */
function ownerOf(target: new () => object, methodName: string): unknown {
  let prototype = target.prototype as object | null;
  while (prototype && !Object.hasOwn(prototype, methodName))
    prototype = Object.getPrototypeOf(prototype) as object | null;
  return prototype?.constructor;
}

function buildMarks(item: RegisteredClass) {
  return item.marks.marks.filter((mark) => mark.kind === "build");
}
