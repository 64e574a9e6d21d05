import type {
  AutoscalerSettings,
  ClassParameterSpec,
  ContainerArguments,
  Function as FunctionDefinition,
  FunctionInput,
  GenericResult,
  TaskLogs,
  WebhookConfig,
} from "@dorian/protocol/modal";
import type { BuildFinished, ImageConfig, StartBuild, TaskBucket, TaskVolume } from "@dorian/protocol/worker";
import type { Transaction } from "kysely";
import type { Tables } from "../schema/tables.ts";
import type { GpuRequest } from "./placement/resource-request.ts";

/** Everything that dispatch, placement and autoscaling need to know of a function. Kept in memory: reading is free. */
export interface FunctionSpec {
  /** For a class with parameters: the id bound to one parameter set, so that each set has its own pool. */
  functionId: string;
  appId: string;
  /** "train", or "Model" for a class. */
  tag: string;
  /** Options of a bound function already applied. */
  definition: FunctionDefinition;
  /** Grows with every publish that changes what the function's containers run. Older ones are drained. */
  revision: number;
  isBuilder: boolean;
  /** False once its app is stopped: no new inputs, no containers. */
  active: boolean;
  /** Its `minContainers` are kept before anybody calls it. A bound variant costs nothing until then, unless it was asked for itself. */
  keepsUncalled: boolean;
  /** Runs a command instead of serving a function. */
  sandbox?: SandboxRun;
}

export interface SandboxRun {
  command: string[];
  /** Beyond its secrets. */
  env: Record<string, string>;
  /** Empty: the image's. */
  workdir: string;
}

/** What a worker needs to start a container of a function, but for the task's own id. */
export interface ContainerPlan {
  arguments: Omit<ContainerArguments, "$typeName" | "$unknown" | "taskId">;
  /** Lowest first. */
  layerIds: string[];
  imageId: string;
  config: ImageConfig;
  secretEnv: Record<string, string>;
  volumes: TaskVolume[];
  buckets: TaskBucket[];
  /** Whether its containers are brought back from a snapshot of their memory; where it wants that and cannot have it, why. */
  snapshots: "wanted" | "unwanted" | { refusal: string };
  /** What a sandbox runs, in place of the function's runtime. */
  command?: string[];
}

/** Functions as the catalog knows them. */
export interface FunctionCatalog {
  spec(functionId: string): FunctionSpec | undefined;
  /** Specs of every function of active apps, bound variants included: what the autoscaler walks. */
  activeSpecs(): Iterable<FunctionSpec>;
  /** Throws an AppError when the image cannot be run or a volume has gone. */
  containerPlan(functionId: string): Promise<ContainerPlan>;
  /** Called after every publish, stop, bind or scheduling change, with the ids concerned. Returns an unsubscribe. */
  onChange(listener: (functionIds: string[]) => void): () => void;
}

export interface BuildLog {
  /** A promise resolves when they are on disk. */
  onLogs(items: TaskLogs[]): Promise<void> | void;
  signal: AbortSignal;
}

/** Work that the catalog hands to workers. */
export interface WorkerPool {
  /** Runs Dockerfile steps on a worker. Rejects when no worker is there within the build's timeout, or the worker is lost. */
  build(
    build: Omit<StartBuild, "$typeName" | "$unknown" | "buildId">,
    log: BuildLog,
    needs?: { gpu?: GpuRequest },
  ): Promise<BuildFinished>;
  /** Runs a build function once in a container of its own and freezes what it wrote. */
  runBuilder(functionId: string, input: FunctionInput, log: BuildLog): Promise<BuilderOutcome>;
}

export interface BuilderOutcome {
  result: GenericResult;
  /** Empty when it wrote nothing. */
  frozenLayerId: string;
  frozenBytes: number;
}

/** What the app lifecycle asks of dispatch. */
export interface AppTasks {
  /** Cancels the app's unfinished calls and stops its containers, gracefully; resolves when they are gone. */
  stopApp(appId: string, options: { reason: string; signal: AbortSignal }): Promise<void>;
  runningTaskCount(appId: string): number;
  /** Inputs of the app's calls that have no output yet. */
  unfinishedInputCount(appId: string): number;
}

/** What dispatch asks about apps. */
export interface AppDirectory {
  /** Undefined for an app that never was. `stopped`: no task of it is started any more. */
  lookupApp(appId: string): { description: string; environment: string; stopped: boolean } | undefined;
  /** The function and its bound variants, as what runs them logs: for a method's alias, those of its class. */
  familyOf(functionId: string): string[];
}

/** Autoscaler settings changed from outside; they last until the function's next publish. */
export interface SchedulingOverrides {
  /** Merges `settings` into what holds now, durably, and returns the result. Tells the catalog's listeners. */
  updateScheduling(functionId: string, settings: AutoscalerSettings): Promise<AutoscalerSettings>;
}

/** A web function as its address sees it: the app's function or method under a tag, in all layouts of classes. */
export interface WebFunction {
  appId: string;
  /** Name of the app, or its description until it is deployed: for names that people read. */
  appName: string;
  scope: string;
  /** "page", or "Model.page" for a method. */
  tag: string;
  config: WebhookConfig;
  /** True for an app that ends with its client: it gets names of its own beside the deployed app's. */
  ephemeral: boolean;
}

/** Addresses of web functions. One stays with its app and tag across redeploys and restarts. */
export interface WebAddresses {
  /**
   * The address of a web function, given to it when it has none, in the transaction that creates the function. Call
   * `committed` once it is durable.
   */
  allocate(trx: Transaction<Tables>, web: WebFunction): Promise<{ url: string; committed: () => void }>;
  /** Undefined when none was given. */
  urlOf(appId: string, tag: string): string | undefined;
}

/** The ports at which web functions are reached. */
export interface WebPorts {
  current(): number[];
  /** Tells of them whenever they have changed. */
  watch(watcher: (ports: number[]) => void): void;
}

/** What a request for a web function calls. */
export interface WebTarget {
  functionId: string;
  scope: string;
  /** Empty for a function. */
  methodName: string;
  /** The class's parameters, as far as they can be given in words. */
  parameters: readonly ClassParameterSpec[];
  config: WebhookConfig;
  /** Its containers are TypeScript's. */
  isNode: boolean;
  /** False once the app is stopped or the tag is gone from it. */
  active: boolean;
}

/** Web functions by what their addresses are given for. */
export interface WebTargets {
  /** What a host name of a function's own leads to. */
  siteOfDomain(host: string): { appId: string; tag: string } | undefined;
  /** Undefined when nothing of that tag serves the web. */
  webTarget(appId: string, tag: string): WebTarget | undefined;
}
