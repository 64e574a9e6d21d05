import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ImageMetadataSchema } from "@dorian/protocol/modal";
import type { ImageRecord } from "./image-record.ts";

/** What clients are told about an image. */
export function metadataOf(image: ImageRecord): MessageInitShape<typeof ImageMetadataSchema> {
  const { contents, components, config } = image;
  return {
    ...(contents?.pythonVersion === undefined
      ? {}
      : { pythonVersionInfo: `Python ${contents.pythonVersion}` }),
    ...(contents?.libc ? { libcVersionInfo: `${contents.libc.kind} ${contents.libc.version}` } : {}),
    ...(config.workdir === "" ? {} : { workdir: config.workdir }),
    ...(components.builderVersion === "" ? {} : { imageBuilderVersion: components.builderVersion }),
    pythonPackages: contents?.packages ?? {},
  };
}
