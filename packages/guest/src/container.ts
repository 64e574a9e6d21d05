import { messageOf } from "@dorian/base/app-error";
import type { GuestService } from "@dorian/protocol/guest";
import type { ContainerArguments, ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import { AllowedInputs } from "./allowed-inputs.ts";
import { keepHeartbeat } from "./heartbeat.ts";
import { withInputExchange } from "./input-exchange.ts";
import { InputLoop } from "./input-loop.ts";
import { withHint } from "./missing-package.ts";
import type { Program } from "./program.ts";
import { failureOf, toRemoteError, tracebackOf } from "./remote-error.ts";
import { runBatch } from "./run-batch.ts";
import type { InputResult } from "./input-result.ts";
import { runInput } from "./run-input.ts";
import { asOne, type OwnInput, type RunningInput } from "./running-inputs.ts";

/**
 * How long running inputs may go on once the container was told to stop: the rest of its grace is for exit hooks. In a
 * hurry there is little of that, and the inputs are done again elsewhere.
 */
const interruptLimitsMs = { patient: 10_000, hurried: 200 };
/** How much of that those get whose callers have gone. */
const cancelledLimitMs = 1_000;

export interface ContainerOptions {
  arguments: ContainerArguments;
  modal: ServiceClient<typeof ModalClient>;
  guest: ServiceClient<typeof GuestService>;
  /** Imports the user's module. */
  load: (task: ContainerArguments) => Promise<unknown>;
  /** Makes the program of the imported module: constructs the class, if it is one. */
  prepare: (task: ContainerArguments) => Program;
  /** Runs code of an input so that it finds out which one it belongs to. */
  within: <T>(input: OwnInput, run: () => T) => T;
  /** Closes all that leads out of the container. */
  hangUp: () => void;
  /**
   * Makes ready for a snapshot, and throws where none can be taken. What it returns resolves when the container goes on, or has been
   * brought back, after it.
   */
  readyToWake: () => () => Promise<void>;
  log: (line: string) => void;
  nowMs: () => number;
}

/** One container from its first word to the server to its exit code. */
export class Container {
  #options: ContainerOptions;
  #loop: InputLoop | undefined;
  #stopping = false;
  #interrupted = Promise.withResolvers<void>();
  #ended = new AbortController();
  /** Settles while it does not stand still. */
  #still: Promise<void> = Promise.resolve();
  #stillness = new AbortController();

  constructor(options: ContainerOptions) {
    this.#options = options;
  }

  async run(): Promise<number> {
    const { modal, load, prepare, arguments: task } = this.#options;
    const definition = task.functionDef;
    const hello = modal.containerHello({});
    // Waited for below: until then its failure is nobody's.
    hello.catch(() => undefined);
    const heartbeat = this.#heartbeat(hello);
    // Importing blocks: the word that the container is up leaves first.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      let program: Program;
      try {
        await load(task);
        this.#reportPhase("import");
        program = prepare(task);
        if (!definition?.isBuilderFunction) {
          for (const hook of program.snapHooks) await hook();
          if (definition?.isCheckpointingFunction) {
            await hello;
            await this.#standStill(task.checkpointId ?? "");
          }
          for (const hook of program.enterHooks) await hook();
        }
      } catch (error) {
        return await this.#failStart(error);
      }
      this.#reportPhase("enter");
      await hello;
      await this.#serve(program);
      if (definition?.isBuilderFunction) return 0;
      if (!this.#stopping) this.#reportPhase("serve");
      // A hook may block: the word that the container is leaving leaves first.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#runExitHooks(program);
      // What fails here is tried once more when the process has ended, and told then.
      await this.#commitVolumes();
      return 0;
    } finally {
      this.#ended.abort();
      await heartbeat;
    }
  }

  /**
   * What SIGINT asks for, and SIGTERM in a hurry: no new inputs, a short time for the running ones, then exit hooks. "not
   * started" means that there is nothing to put away. Asking again can only make that time shorter.
   */
  stop(how: "patient" | "hurried"): "stopping" | "not started" {
    if (!this.#loop) return "not started";
    if (!this.#stopping) this.#reportPhase("serve");
    this.#stopping = true;
    const limits = { limitMs: interruptLimitsMs[how], cancelledMs: cancelledLimitMs };
    void this.#loop.interrupt(limits).then(this.#interrupted.resolve);
    return "stopping";
  }

  /** Answers an input with an error that escaped from code it started. False when it does not run any more. */
  failInput(inputId: string, error: unknown): boolean {
    return this.#loop?.fail(inputId, error) ?? false;
  }

  /** Tells the server why the container could not start, if that is what an error without an owner prevents. */
  async reportCrash(error: unknown): Promise<void> {
    if (!this.#loop) await this.#options.modal.taskResult({ result: failureOf(error) });
  }

  async #heartbeat(hello: Promise<unknown>): Promise<void> {
    await hello.catch(() => undefined);
    while (!this.#ended.signal.aborted) {
      await this.#still;
      await keepHeartbeat({
        modal: this.#options.modal,
        onCancel: (event) => this.#loop?.cancel(event),
        onError: (message) => this.#options.log(`dorian: heartbeat failed: ${message}`),
        signal: AbortSignal.any([this.#ended.signal, this.#stillness.signal]),
      });
    }
  }

  /** From here this process goes on in as many containers as are brought back from the snapshot. */
  async #standStill(checkpointId: string): Promise<void> {
    const { modal, hangUp, log, readyToWake } = this.#options;
    let woken: () => Promise<void>;
    try {
      woken = readyToWake();
    } catch (error) {
      log(`dorian: no memory snapshot is taken: ${messageOf(error)}`);
      return;
    }
    const awake = Promise.withResolvers<void>();
    this.#still = awake.promise;
    this.#stillness.abort();
    await modal.containerCheckpoint({ checkpointId });
    hangUp();
    await woken();
    this.#stillness = new AbortController();
    awake.resolve();
    await modal.containerHello({});
  }

  async #serve(program: Program): Promise<void> {
    const { modal, guest, within, nowMs } = this.#options;
    const { functionId, functionDef } = this.#options.arguments;
    const builder = functionDef?.isBuilderFunction ?? false;
    const most = builder ? 1 : Math.max(1, functionDef?.maxConcurrentInputs ?? 1);
    const { batchMaxSize: maxSize = 0, batchLingerMs: lingerMs = 0n } = functionDef ?? {};
    const batching = !builder && maxSize > 0 ? { maxSize, lingerMs } : undefined;
    this.#loop = new InputLoop({
      // A request of a web client is worth so little that calls would cost more than it.
      modal: program.servesWeb
        ? withInputExchange(modal, guest, (inputId) => this.#loop?.callerLeft(inputId))
        : modal,
      functionId,
      allowed: new AllowedInputs({ target: functionDef?.targetConcurrentInputs || most, most }),
      batching,
      maxInputs: builder || functionDef?.singleUseContainers ? 1 : (functionDef?.maxInputs ?? 0),
      within,
      nowMs,
      run: async (inputs) => {
        const outputs = await within(asOne(inputs), () => this.#run(program, inputs, batching !== undefined));
        this.#showFailures(outputs.filter((_, index) => !inputs[index]?.answered));
        return builder ? await Promise.all(outputs.map((output) => this.#afterBuild(output))) : outputs;
      },
    });
    await Promise.race([this.#loop.serve(), this.#interrupted.promise]);
  }

  async #run(program: Program, inputs: readonly RunningInput[], batched: boolean): Promise<InputResult[]> {
    const { modal } = this.#options;
    if (batched) return await runBatch(modal, program, inputs);
    return await Promise.all(inputs.map((input) => runInput(modal, program, input)));
  }

  // The author of the code reads the container's log, not only the caller's terminal. A batch that failed is told of once.
  #showFailures(outputs: readonly InputResult[]): void {
    const errors = outputs.flatMap(({ result }) => result.remoteError ?? []);
    for (const traceback of new Set(errors.map(tracebackOf))) this.#options.log(traceback);
  }

  // A build step is done when its volumes are committed: a commit that fails fails the build.
  async #afterBuild(output: InputResult): Promise<InputResult> {
    if (output.result.remoteError) return output;
    const [error] = await this.#commitVolumes();
    return error === undefined ? output : { ...output, result: failureOf(error) };
  }

  async #failStart(error: unknown): Promise<number> {
    const result = failureOf(withHint(error));
    this.#options.log(result.traceback);
    await this.#options.modal.taskResult({ result });
    return 0;
  }

  async #runExitHooks(program: Program): Promise<void> {
    for (const hook of program.exitHooks) {
      try {
        await hook();
      } catch (error) {
        // The remaining hooks have things of their own to put away.
        this.#options.log(`dorian: an exit hook failed.\n${tracebackOf(toRemoteError(error))}`);
      }
    }
  }

  async #commitVolumes(): Promise<unknown[]> {
    const errors: unknown[] = [];
    for (const mount of this.#options.arguments.functionDef?.volumeMounts ?? []) {
      if (!mount.allowBackgroundCommits || mount.readOnly) continue;
      try {
        await this.#options.modal.volumeCommit({ volumeId: mount.volumeId });
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }

  // The worker measures the start by it, and sees that a container reacts; nothing else is lost with a report.
  #reportPhase(phase: "import" | "enter" | "serve"): void {
    void this.#options.guest
      .reportPhase({ phase, endedAt: this.#options.nowMs() / 1000 }, { signal: this.#ended.signal })
      .catch(() => undefined);
  }
}
