import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { must } from "@dorian/base/must";
import { Notifier } from "@dorian/base/notifier";
import { GrpcServer, mountService } from "@dorian/protocol/server/grpc-server";
import { GuestService } from "@dorian/protocol/guest";
import {
  AppLayoutSchema,
  ContainerArgumentsSchema,
  DataFormat,
  GeneratorDoneSchema,
  ModalClient,
  NodeEntrypointSchema,
  type CancelInputEventSchema,
  type DataChunk,
  type FunctionGetInputsItemSchema,
  type FunctionMapRequest,
  type FunctionPutOutputsItem,
  FunctionSchema$,
  type GenericResult,
} from "@dorian/protocol/modal";
import { decodeValue, encodeArguments } from "@dorian/protocol/value/payload";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundleForContainer } from "@dorian/publish/bundle/bundle-for-container";

type Handlers = ServiceHandlers<typeof ModalClient>;
type FunctionInit = MessageInitShape<typeof FunctionSchema$>;

export interface ScriptedContainerOptions {
  /** Path of the guest bundle. */
  guest: string;
  /** Source files; `app.ts` is the entry. */
  files: Record<string, string>;
  /** Tag of what the container runs. */
  tag: string;
  definition?: FunctionInit;
  serializedParams?: Uint8Array;
  functionIds?: Record<string, string>;
  /** Calls answered in another way than the usual one. */
  handlers?: Handlers;
}

/** The guest as a process, with a gateway beside it that plays the worker and the server and writes down what it hears. */
export class ScriptedContainer implements AsyncDisposable {
  /** What happened, in order, one word each with its subject. */
  readonly events: string[] = [];
  readonly outputs: FunctionPutOutputsItem[] = [];
  readonly outputKeys: string[] = [];
  readonly chunks: DataChunk[][] = [];
  readonly calls: FunctionMapRequest[] = [];
  taskResult: GenericResult | undefined;
  stdout = "";
  stderr = "";
  /** Requests for inputs that are being held. */
  polls = 0;
  readonly exited: Promise<number | string>;
  #options: ScriptedContainerOptions;
  #directory: string;
  #server: GrpcServer;
  #child: ChildProcess;
  #inputs: MessageInitShape<typeof FunctionGetInputsItemSchema>[] = [];
  #cancellations: MessageInitShape<typeof CancelInputEventSchema>[] = [];
  #changed = new Notifier();
  #sent = 0;

  private constructor(options: ScriptedContainerOptions, directory: string, server: GrpcServer) {
    this.#options = options;
    this.#directory = directory;
    this.#server = server;
    this.#child = spawn(process.execPath, [options.guest], {
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        MODAL_SERVER_URL: `unix://${join(directory, "task.sock")}`,
        MODAL_TASK_ID: "ta-1",
        MODAL_IS_REMOTE: "1",
        MODAL_CONTAINER_ARGUMENTS_PATH: join(directory, "arguments"),
        GUEST: options.guest,
      },
    });
    this.#child.stdout?.on("data", (chunk) => {
      this.stdout += String(chunk);
      this.#changed.notify();
    });
    this.#child.stderr?.on("data", (chunk) => {
      this.stderr += String(chunk);
      this.#changed.notify();
    });
    this.exited = new Promise((resolve) => {
      this.#child.on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
    });
  }

  static async start(options: ScriptedContainerOptions): Promise<ScriptedContainer> {
    const directory = await mkdtemp(join(tmpdir(), "guest-"));
    for (const [name, content] of Object.entries(options.files)) {
      await mkdir(dirname(join(directory, "src", name)), { recursive: true });
      await writeFile(join(directory, "src", name), content);
    }
    const bundle = await bundleForContainer("app.ts", {
      root: join(directory, "src"),
      sdkUrl: `file://${options.guest}`,
      externalPackages: [],
    });
    const modulePath = join(directory, bundle.fileName);
    await writeFile(modulePath, bundle.code);
    const task = create(ContainerArgumentsSchema, {
      taskId: "ta-1",
      functionId: "fu-1",
      appId: "ap-1",
      serializedParams: options.serializedParams ?? new Uint8Array(),
      appLayout: create(AppLayoutSchema, { functionIds: options.functionIds ?? {} }),
      functionDef: create(FunctionSchema$, {
        functionName: options.tag,
        nodeEntrypoint: create(NodeEntrypointSchema, { modulePath, objectTag: options.tag }),
        ...options.definition,
      }),
    });
    await writeFile(join(directory, "arguments"), toBinary(ContainerArgumentsSchema, task));
    // The gateway needs the container and the container the gateway: the handlers find it when they are called.
    let container: ScriptedContainer | undefined;
    const server = await listen(directory, () => must(container, "the container"));
    container = new ScriptedContainer(options, directory, server);
    return container;
  }

  /** Hands the container an input. */
  send(
    args: unknown[],
    options: { methodName?: string; retryCount?: number; inputId?: string; dataFormat?: DataFormat } = {},
  ): string {
    this.#sent += 1;
    const inputId = options.inputId ?? `in-${this.#sent}`;
    this.#inputs.push({
      inputId,
      functionCallId: `fc-${this.#sent}`,
      retryCount: options.retryCount ?? 0,
      input: {
        argsOneof: { case: "args", value: encodeArguments(args) },
        dataFormat: options.dataFormat ?? DataFormat.CBOR,
        methodName: options.methodName ?? "",
      },
    });
    this.#changed.notify();
    return inputId;
  }

  /** Tells the container that no more inputs will come. */
  killSwitch(): void {
    this.#inputs.push({ killSwitch: true });
    this.#changed.notify();
  }

  cancel(...inputIds: string[]): void {
    this.#cancellations.push({ inputIds });
    this.#changed.notify();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends the gateway as a crash would, and brings it up again after `ms` milliseconds. */
  async restartServer(ms: number): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#server = await listen(this.#directory, () => this);
  }

  /** Waits until `condition` holds, which is looked at whenever something has happened. */
  async until(condition: () => boolean): Promise<void> {
    const signal = AbortSignal.timeout(20_000);
    while (!condition()) {
      const woken = this.#changed.wait({ signal, timeoutMs: 50 });
      const ended = await Promise.race([woken, this.exited.then(() => "exited")]).catch(() => "late");
      if (condition()) return;
      if (ended === "exited" || ended === "late") {
        const log = `${this.stdout}${this.stderr}`;
        throw new Error(
          `The container ${ended === "late" ? "is late" : "ended"}: ${this.events.join(", ")}\n${log}`,
        );
      }
    }
  }

  /** The output of an input, once it is there. */
  async output(inputId: string): Promise<FunctionPutOutputsItem> {
    const find = () => this.outputs.find((output) => output.inputId === inputId);
    await this.until(() => find() !== undefined);
    return must(find(), "the output");
  }

  /** The value that an input was answered with. */
  async value(inputId: string): Promise<unknown> {
    const { result, dataFormat } = await this.output(inputId);
    if (result?.dataOneof.case !== "data") throw new Error(`No value: ${result?.traceback}`);
    if (dataFormat === DataFormat.GENERATOR_DONE)
      return Number(fromBinary(GeneratorDoneSchema, result.dataOneof.value).itemsTotal);
    return decodeValue(result.dataOneof.value);
  }

  get handlers(): Handlers {
    const note = (event: string) => {
      this.events.push(event);
      this.#changed.notify();
    };
    return {
      containerHello: async () => {
        note("hello");
        return {};
      },
      containerHeartbeat: async (_request, { signal }) => {
        while (!signal.aborted && this.#cancellations.length === 0)
          await this.#changed.wait({ signal, timeoutMs: 100 }).catch(() => false);
        const cancelInputEvent = this.#cancellations.shift();
        return cancelInputEvent ? { cancelInputEvent } : {};
      },
      functionGetInputs: async ({ batchMaxSize }, { signal }) => {
        if (!this.events.includes("ready")) note("ready");
        this.polls += 1;
        this.#changed.notify();
        try {
          while (!signal.aborted && this.#inputs.length === 0)
            await this.#changed.wait({ signal, timeoutMs: 100 }).catch(() => false);
          return { inputs: signal.aborted ? [] : this.#inputs.splice(0, Math.max(1, batchMaxSize)) };
        } finally {
          this.polls -= 1;
        }
      },
      functionPutOutputs: async (request, { idempotencyKey }) => {
        // A repetition of a request that was served before the connection broke.
        if (!this.outputKeys.includes(idempotencyKey)) this.outputs.push(...request.outputs);
        this.outputKeys.push(idempotencyKey);
        for (const output of request.outputs) note(`output ${output.inputId}`);
        return {};
      },
      functionCallPutDataOut: async (request) => {
        this.chunks.push(request.dataChunks);
        return {};
      },
      functionGet: async () => ({ functionId: "fu-other", handleMetadata: { functionType: 2 } }),
      functionMap: async (request) => {
        this.calls.push(request);
        return { functionCallId: "fc-nested", pipelinedInputs: [{ idx: 0, inputId: "in-nested" }] };
      },
      functionGetOutputs: async () => ({
        outputs: [
          {
            inputId: "in-nested",
            dataFormat: DataFormat.CBOR,
            result: { status: 1, dataOneof: { case: "data", value: new Uint8Array([0x18, 0x2a]) } },
          },
        ],
      }),
      taskResult: async ({ result }) => {
        this.taskResult = result;
        note("task result");
        return {};
      },
      volumeCommit: async ({ volumeId }) => {
        note(`commit ${volumeId}`);
        return { skipReload: true };
      },
      ...this.#options.handlers,
    };
  }

  onPhase(phase: string): void {
    this.events.push(phase);
    this.#changed.notify();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.exited;
    await this.#server[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true });
  }
}

function listen(directory: string, container: () => ScriptedContainer): Promise<GrpcServer> {
  const handlers = new Proxy<Handlers>(
    {},
    {
      get: (_, name) => (request: unknown, context: unknown) => {
        const known = container().handlers as Record<string | symbol, (...args: unknown[]) => unknown>;
        return must(known[name], `a handler for ${String(name)}`)(request, context);
      },
    },
  );
  return GrpcServer.listen({
    address: `unix:${join(directory, "task.sock")}`,
    services: [
      mountService(ModalClient, handlers),
      mountService(GuestService, {
        async reportPhase({ phase }) {
          container().onPhase(phase);
          return {};
        },
      }),
    ],
    authenticate: () => ({ identity: { kind: "task", taskId: "ta-1" } }),
    onInternalError: (error, method) => {
      container().stderr += `gateway: ${method}: ${String(error)}\n`;
    },
  });
}
