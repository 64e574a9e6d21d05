import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  AppState,
  ClassParameterInfo_ParameterSerializationFormat as ParameterFormat,
  DataFormat,
  Function_FunctionType as FunctionType,
  type ClassParameterSpec,
  type CommitInfoSchema,
  type FunctionHandleMetadata,
} from "@dorian/protocol/modal";
import { Image, Secret, type App } from "@dorian/sdk";
import { isGeneratorFunction, type Registered, type RegisteredClass } from "@dorian/sdk/class/registered";
import type { Transport } from "@dorian/sdk/client/transport";
import { parameterSpecs } from "@dorian/sdk/class/parameters";
import { IgnorePatterns } from "@dorian/sdk/local/ignore-patterns";
import type { DeploySession } from "./deploy-session.ts";
import { functionMessage, type FunctionInit } from "./function-message.ts";
import { ImageResolver } from "./image-resolver.ts";
import { contentFile, localFiles, type MountContent } from "./local-files.ts";
import type { LocalSource } from "@dorian/sdk/image/local-source";
import { LocalDigests } from "./local-digests.ts";
import { ownMessage } from "./own-message.ts";
import type { OnProgress } from "./progress.ts";
import { resolveSecrets } from "./resolve-secret.ts";
import { resolveBuckets } from "./resolve-buckets.ts";
import { resolveVolumes } from "./resolve-volumes.ts";
import { makeMount } from "./make-mount.ts";
import { webhookConfig } from "./webhook-config.ts";

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
  buildImage: (image: Image) => Promise<string>;
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
  const digests = await LocalDigests.open(cacheDirectory && join(cacheDirectory, "local-digests"));
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
    buildImage: (image: Image) => images.resolve(image),
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

type MethodInit = Pick<Identity, "functionName" | "functionType" | "webhookConfig">;

interface Identity {
  functionName: string;
  functionType: FunctionType;
  isClass: boolean;
  methodDefinitionsSet: boolean;
  methodDefinitions?: Record<string, MethodInit>;
  webhookConfig?: ReturnType<typeof webhookConfig>;
  classParameterInfo?: { format: ParameterFormat; schema: ClassParameterSpec[] };
}

function identityOf(item: Registered, tag: string): Identity {
  if (item.kind === "function") {
    return {
      functionName: tag,
      functionType: item.isGenerator ? FunctionType.GENERATOR : FunctionType.FUNCTION,
      isClass: false,
      methodDefinitionsSet: false,
      ...(item.web ? { webhookConfig: webhookConfig(item.web) } : {}),
    };
  }
  const methods = item.marks.marks.filter(({ kind }) => kind === "method" || kind === "web");
  const specs = parameterSpecs(item.tag, item.target, item.marks);
  return {
    functionName: tag,
    functionType: FunctionType.FUNCTION,
    isClass: true,
    methodDefinitionsSet: true,
    methodDefinitions: Object.fromEntries(
      methods.map(({ name, web }) => {
        const run = (item.target.prototype as Record<string, unknown>)[name];
        const functionType = isGeneratorFunction(run) ? FunctionType.GENERATOR : FunctionType.FUNCTION;
        const formats = {
          supportedInputFormats: [DataFormat.CBOR],
          supportedOutputFormats: [DataFormat.CBOR],
        };
        const served = web ? { webhookConfig: webhookConfig(web) } : {};
        return [name, { functionName: `${item.tag}.${name}`, functionType, ...formats, ...served }];
      }),
    ),
    classParameterInfo: { format: ParameterFormat.PARAM_SERIALIZATION_FORMAT_PROTO, schema: specs },
  };
}

/** What is known of a function before its image is there. */
function announcedOf({ modulePath }: DeploySession, { options, tag }: Registered): FunctionInit {
  const entrypoint = { modulePath, objectTag: tag };
  return functionMessage({ options, imageId: "", mountIds: [], secretIds: [], volumeMounts: [], entrypoint });
}

async function definitionOf(
  session: DeploySession,
  images: ImageResolver,
  item: Registered,
  fallbackImage: Image,
): Promise<FunctionInit> {
  const image = item.options.image ?? fallbackImage;
  const secrets = secretsOf(item);
  const [imageId, secretIds, volumeMounts, cloudBucketMounts, localMountIds] = await Promise.all([
    imageOf(images, item, image),
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
    ...ownMessage(item),
    cloudBucketMounts,
    appName: session.appName,
    objectDependencies: [...secretIds, imageId, ...volumeMounts.map((mount) => mount.volumeId)].map(
      (objectId) => ({ objectId }),
    ),
  };
}

/** A class's `@build` methods are steps on top of its image, in the order they are defined in. */
async function imageOf(images: ImageResolver, item: Registered, image: Image): Promise<string> {
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

function secretsOf({ options }: Registered): Secret[] {
  return [...(options.secrets ?? []), ...(options.env ? [Secret.fromObject(options.env)] : [])];
}

function buildMarks(item: RegisteredClass) {
  return item.marks.marks.filter((mark) => mark.kind === "build");
}
