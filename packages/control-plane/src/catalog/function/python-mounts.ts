import { AppError } from "@dorian/base/app-error";
import type { Function as FunctionDefinition } from "@dorian/protocol/modal";
import { pythonRuntimeOf } from "../image/image-contents.ts";
import type { ImageRecord } from "../image/image-record.ts";
import type { MountNames } from "../mount/mount-names.ts";
import { globalScope, type PlatformMounts } from "../mount/platform-mounts.ts";

export interface PythonMountSources {
  mountNames: Pick<MountNames, "lookup">;
  platformMounts: Pick<PlatformMounts, "bytecodeMount" | "dependencyMount">;
}

/** What matters of an image here. */
interface PythonImage {
  imageId: string;
  contents: ImageRecord["contents"];
  components: Pick<ImageRecord["components"], "builderVersion">;
}

/** The last version of the image builder that puts what the client depends on into the image itself. */
const lastWithDependencies = "2024.10";

/** Ids of the mounts that a Python function's containers get besides those that it names, for the Python of its image. */
export async function pythonMounts(
  { platformMounts, mountNames }: PythonMountSources,
  definition: FunctionDefinition,
  image: PythonImage,
): Promise<string[]> {
  const { clientVersion } = definition;
  if (definition.nodeEntrypoint || clientVersion === "") return [];
  const { builderVersion } = image.components;
  // Clients tell it of images that they build, and know nothing of those that they look up.
  const needsDependencies = definition.mountClientDependencies || builderVersion > lastWithDependencies;
  const runtime = pythonRuntimeOf(image.contents);
  if (!runtime) {
    if (needsDependencies) throw pythonMissing(image);
    return [];
  }
  const mountIds: string[] = [];
  if (needsDependencies) {
    mountIds.push(await platformMounts.dependencyMount({ ...runtime, clientVersion, builderVersion }));
  }
  const client = mountNames.lookup(globalScope, `modal-client-mount-${clientVersion}`);
  // What is compiled ahead belongs to the platform's client alone: a user may bring one of their own.
  if (client && definition.mountIds.includes(client.mountId)) {
    const compiled = await platformMounts.bytecodeMount({ ...runtime, clientVersion });
    if (compiled !== undefined) mountIds.push(compiled);
  }
  return mountIds;
}

function pythonMissing(image: PythonImage): AppError {
  return new AppError("IMAGE_PYTHON_MISSING", `The image ${image.imageId} has no \`python\` on its PATH.`, {
    remedy: "Install Python in the image, or let the image have one with `add_python`.",
  });
}
