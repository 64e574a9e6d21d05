import type { TaskLogs } from "@dorian/protocol/modal";
import type { TransferProgress } from "@dorian/sdk";

/** What a deployment tells whoever watches it. */
export type DeployProgress =
  | { kind: "app-created"; appId: string; name: string }
  | ({ kind: "files-reading" | "files-uploading" } & TransferProgress)
  | { kind: "mount-created"; description: string }
  | { kind: "image-building"; imageId: string; description: string; reason: string }
  | { kind: "image-log"; imageId: string; items: TaskLogs[] }
  | { kind: "image-ready"; imageId: string; description: string; built: boolean; seconds: number }
  | { kind: "function-created"; tag: string; functionId: string; url?: string }
  | { kind: "class-created"; tag: string; functionId: string }
  | { kind: "warning"; message: string }
  | { kind: "published"; url: string };

export type OnProgress = (progress: DeployProgress) => void;
