import { AppError } from "@dorian/base/app-error";
import { VolumeFsVersion } from "@dorian/protocol/modal";
import { notFoundWords, type ObjectReference } from "../../access/not-found-words.ts";

export interface Volume {
  volumeId: string;
  scope: string;
  /** Undefined for one that lives as long as somebody's heartbeats or as an app, and for a deleted one. */
  name: string | undefined;
  /** Which calls newer clients use for its files: both sorts work on any volume, the store is the same. */
  fsVersion: VolumeFsVersion;
  appId: string | undefined;
  /** Milliseconds; no two are equal, so that lists can be read in pages. */
  createdAtMs: number;
  createdBy: string;
  /** Tasks that use it keep it until they end. */
  deletedAtMs: number | undefined;
}

export function metadataOf(volume: Volume) {
  return {
    version: volume.fsVersion,
    name: volume.name ?? "",
    creationInfo: { createdAt: volume.createdAtMs / 1000, createdBy: volume.createdBy },
  };
}

export function volumeNotFound(reference: ObjectReference): AppError {
  const create = "name" in reference ? ` ${reference.name}` : "";
  return new AppError("VOLUME_NOT_FOUND", notFoundWords("Volume", reference), {
    status: "NOT_FOUND",
    remedy: `Create it with \`dorian volume create${create}\`, or pass \`createIfMissing: true\`; \`dorian volume list\` shows those there are.`,
  });
}

export function volumeExists(name: string): AppError {
  return new AppError("VOLUME_EXISTS", `There is a volume named "${name}" already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Use it, or choose another name.",
  });
}
