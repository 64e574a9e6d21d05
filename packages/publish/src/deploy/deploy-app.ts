import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  AppState,
  DataFormat,
  type CommitInfoSchema,
  type FunctionHandleMetadata,
} from "@dorian/protocol/modal";
import { Image, type App } from "@dorian/sdk";
import type { BuildImage } from "@dorian/sdk/image/image-builder";
import type { ImageDefinition } from "@dorian/sdk/image/image-definition";
import type { Transport } from "@dorian/sdk/client/transport";
import { IgnorePatterns } from "@dorian/sdk/local/ignore-patterns";
import type { DeploySession } from "./deploy-session.ts";
import { announcedOf, definitionOf } from "./function-definition.ts";
import { identityOf } from "./function-identity.ts";
import { ImageResolver } from "./image-resolver.ts";
import { contentFile, localFiles, type MountContent } from "./local-files.ts";
import type { LocalSource } from "@dorian/sdk/image/local-source";
import { LocalDigests } from "./local-digests.ts";
import type { OnProgress } from "./progress.ts";
import { makeMount } from "./make-mount.ts";

export interface DeployOptions {
  transport: Transport;
  /** The user's code, bundled for containers. */
  bundle: {
    fileName: string;
    content: Uint8Array;
    /** Files that it finds in containers, by their absolute paths there. */
    beside?: readonly ({ path: string; content: Uint8Array } | { path: string; localPath: string })[];
  };
  /** An app that exists already, with the ids its functions must keep. */
  appId: string;
  existing?: { functionIds: Record<string, string>; classIds: Record<string, string> };
  /** Ephemeral for a run, deployed to stay. */
  state: AppState.EPHEMERAL | AppState.DETACHED | AppState.DEPLOYED;
  /** Makes the function or class of this tag alone, and publishes nothing: for a container that serves nobody. */
  only?: string;
  /** Name to deploy under; default: the app's own. */
  name?: string;
  /** What the app's history says of this version. */
  origin?: { tag: string; commit: MessageInitShape<typeof CommitInfoSchema> | undefined };
  forceBuild?: boolean;
  ignoreCache?: boolean;
  /** Where to remember digests of local files; undefined: nowhere. */
  cacheDirectory?: string;
  onProgress: OnProgress;
  signal: AbortSignal;
}

export interface DeployedApp {
  appId: string;
  url: string;
  /** By tag: "train", "Model.*". */
  functionIds: Record<string, string>;
  classIds: Record<string, string>;
  /** Has a further image built, with the app's code; gives its id. */
  buildImage: BuildImage;
}

/** An app as far as deploying it goes. */
export type DeployableApp = Pick<App, "name" | "registered" | "hydrate">;

/**
 * Brings an app's images, files, functions and classes to the server and publishes them together: until then, what was
 * deployed before goes on as it was.
 */
export async function deployApp(app: DeployableApp, options: DeployOptions): Promise<DeployedApp> {
  const { transport } = options;
  const onProgress = eachWarningOnce(options.onProgress);
  // What fails for one function ends the work for the others before the failure is told.
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const { modal } = transport;
  const { only } = options;
  const registered = app.registered.filter(({ tag }) => only === undefined || tag === only);
  if (registered.length === 0) {
    throw new AppError("APP_EMPTY", `App "${app.name}" has no functions and no classes.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Add one with app.function(…) or @app.cls(…).",
    });
  }
  const modulePath = `/root/${options.bundle.fileName}`;
  const uploading = { modal, appId: options.appId, onProgress, signal };
  const { cacheDirectory } = options;
  const digests = new LocalDigests(cacheDirectory && join(cacheDirectory, "local-digests"));
  const code = await codeFiles(modulePath, options.bundle, { digests, onProgress, signal });
  const codeMountId = await makeMount(uploading, code);
  onProgress({ kind: "mount-created", description: options.bundle.fileName });
  const session: DeploySession = {
    transport,
    modal,
    appId: options.appId,
    appName: options.name ?? app.name,
    modulePath,
    codeMountId,
    forceBuild: options.forceBuild ?? false,
    ignoreCache: options.ignoreCache ?? false,
    digests,
    onProgress,
    signal,
  };
  const images = new ImageResolver(session);
  const fallbackImage = Image.debianSlim();
  const functionIds: Record<string, string> = {};
  const classIds: Record<string, string> = {};
  const definitionIds: Record<string, string> = {};
  await allOrAbort(
    failed,
    registered.map(async (item) => {
      const tag = item.kind === "class" ? `${item.tag}.*` : item.tag;
      const identity = identityOf(item, tag);
      const precreated = await modal.functionPrecreate(
        {
          appId: session.appId,
          functionName: tag,
          functionType: identity.functionType,
          existingFunctionId: options.existing?.functionIds[tag] ?? "",
          methodDefinitions: identity.methodDefinitions ?? {},
          ...(identity.webhookConfig ? { webhookConfig: identity.webhookConfig } : {}),
          supportedInputFormats: [DataFormat.CBOR],
          supportedOutputFormats: [DataFormat.CBOR],
          announced: announcedOf(session, item),
        },
        { signal },
      );
      for (const { message } of precreated.serverWarnings) onProgress({ kind: "warning", message });
      const message = { ...(await definitionOf(session, images, item, fallbackImage)), ...identity };
      const { functionId, handleMetadata } = await modal.functionCreate(
        { appId: session.appId, function: message, existingFunctionId: precreated.functionId },
        { signal },
      );
      functionIds[tag] = functionId;
      if (handleMetadata?.definitionId) definitionIds[functionId] = handleMetadata.definitionId;
      if (item.kind === "function") {
        onProgress({ kind: "function-created", tag, functionId, ...addressIn(handleMetadata) });
        return;
      }
      const created = await modal.classCreate(
        {
          appId: session.appId,
          onlyClassFunction: true,
          existingClassId: options.existing?.classIds[item.tag] ?? "",
        },
        { signal },
      );
      classIds[item.tag] = created.classId;
      onProgress({ kind: "class-created", tag: item.tag, functionId });
      for (const [name, method] of Object.entries(handleMetadata?.methodHandleMetadata ?? {})) {
        if (method.webUrl === "") continue;
        onProgress({
          kind: "function-created",
          tag: `${item.tag}.${name}`,
          functionId,
          ...addressIn(method),
        });
      }
    }),
  );
  await session.digests.save();
  const made = {
    appId: session.appId,
    functionIds,
    classIds,
    buildImage: (image: ImageDefinition) => images.resolve(image),
  };
  if (only !== undefined) return { ...made, url: "" };
  const published = await modal.appPublish(
    {
      appId: session.appId,
      name: options.state === AppState.DEPLOYED ? session.appName : "",
      appState: options.state,
      functionIds,
      classIds,
      definitionIds,
      clientVersion: "dorian",
      deploymentTag: options.origin?.tag ?? "",
      ...(options.origin?.commit ? { commitInfo: options.origin.commit } : {}),
    },
    { signal },
  );
  for (const warning of published.serverWarnings) onProgress({ kind: "warning", message: warning.message });
  onProgress({ kind: "published", url: published.url });
  app.hydrate(new Map(Object.entries(functionIds).map(([tag, functionId]) => [tag, { functionId }])));
  return { ...made, url: published.url };
}

function addressIn(metadata: FunctionHandleMetadata | undefined): { url?: string } {
  return metadata?.webUrl ? { url: metadata.webUrl } : {};
}

async function codeFiles(
  modulePath: string,
  bundle: DeployOptions["bundle"],
  reading: Parameters<typeof localFiles>[1],
): Promise<MountContent[]> {
  const made = [contentFile(modulePath, bundle.content)];
  const sources: LocalSource[] = [];
  for (const file of bundle.beside ?? []) {
    if ("content" in file) made.push(contentFile(file.path, file.content));
    else {
      const { localPath, path: remotePath } = file;
      sources.push({ kind: "file", localPath, remotePath, ignore: IgnorePatterns.none });
    }
  }
  return [...made, ...(await localFiles(sources, reading))];
}

/** One directory may be in several images. */
function eachWarningOnce(onProgress: OnProgress): OnProgress {
  const told = new Set<string>();
  return (progress) => {
    if (progress.kind === "warning" && told.has(progress.message)) return;
    if (progress.kind === "warning") told.add(progress.message);
    onProgress(progress);
  };
}

async function allOrAbort(failed: AbortController, work: Promise<void>[]): Promise<void> {
  let first: { reason: unknown } | undefined;
  const note = (reason: unknown) => {
    first ??= { reason };
    failed.abort(reason);
  };
  await Promise.all(work.map((each) => each.catch(note)));
  if (first) throw first.reason;
}
