import { wallClockMs } from "@dorian/base/wall-clock";
import { fromBinary } from "@bufbuild/protobuf";
import { GuestService } from "@dorian/protocol/guest";
import { createClient, Connection } from "@dorian/protocol/client/grpc-client";
import { ContainerArgumentsSchema, ModalClient } from "@dorian/protocol/modal";
import { setTransport } from "@dorian/sdk/client/current-transport";
import { currentInput, runWithInput } from "@dorian/sdk/container/current-input";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { guestBodyName, setGuestUrl } from "./beside-guest.ts";
import { Container } from "./container.ts";
import { randomnessRefresher } from "./fresh-randomness.ts";
import { loadProgram } from "./load-program.ts";
import { toRemoteError, tracebackOf } from "./remote-error.ts";
import { tellOwnSignals } from "./own-signal.ts";
import { installStackFrames } from "./stack-frames.ts";
import { waitUntilWoken } from "./wait-until-woken.ts";
import { writeWholeOutput } from "./whole-output.ts";

export interface StartOptions {
  env: NodeJS.ProcessEnv;
  /** Address of the guest's own file. */
  guestUrl: string;
  /** False in processes that user code starts and that import the SDK. */
  isEntry: boolean;
  /** The import of a real module: this code may run as a script, which has none. */
  importModule: (url: string) => Promise<unknown>;
}

/** What a shell reports for a process that SIGINT ended. */
const interruptedExitCode = 130;

/** Connects this process to its task's socket and, when it is the container's own process, runs the container in it. */
export function startGuest(options: StartOptions): void {
  const url = options.env["MODAL_SERVER_URL"];
  if (!url) return;
  setGuestUrl(options.guestUrl);
  // The server may restart while the container lives: it waits for as long as it takes.
  const connection = new Connection({ url, retryUnavailableMs: Infinity });
  const modal = createClient(ModalClient, connection);
  setTransport({ url, modal, inContainer: true });
  const argumentsPath = options.env["MODAL_CONTAINER_ARGUMENTS_PATH"];
  if (!options.isEntry || !argumentsPath) return;
  writeWholeOutput();
  tellOwnSignals(`${dirname(argumentsPath)}/own-signal`);
  installStackFrames({ hidden: new Set([options.guestUrl, guestBodyName]) });
  const container = new Container({
    modal,
    guest: createClient(GuestService, connection),
    arguments: fromBinary(ContainerArgumentsSchema, readFileSync(argumentsPath)),
    load: (task) =>
      options.importModule(pathToFileURL(task.functionDef?.nodeEntrypoint?.modulePath ?? "").href),
    prepare: loadProgram,
    within: ({ item, signal }, run) =>
      runWithInput({ inputId: item.inputId, functionCallId: item.functionCallId, signal }, run),
    hangUp: () => connection.hangUp(),
    readyToWake: () => {
      const refresh = randomnessRefresher(fileURLToPath(new URL("koffi.node", options.guestUrl)));
      return async () => {
        await waitUntilWoken(`${dirname(argumentsPath)}/restore-state.json`, options.env);
        refresh();
      };
    },
    log,
    nowMs: wallClockMs,
  });
  handleSignals(container);
  handleEscapedErrors(container);
  void container.run().then((exitCode) => process.exit(exitCode), crash);
}

// Handlers stay for good: interrupts while exit hooks run are ignored.
function handleSignals(container: Container): void {
  const stop = (how: "patient" | "hurried") => {
    if (container.stop(how) === "not started") process.exit(interruptedExitCode);
  };
  process.on("SIGINT", () => stop("patient"));
  process.on("SIGTERM", () => stop("hurried"));
}

/** Errors that no code of an input's caught: those of a running input fail it, any other ends the process as Node does. */
function handleEscapedErrors(container: Container): void {
  const escaped = async (error: unknown) => {
    const input = currentInput();
    if (input && container.failInput(input.inputId, error)) {
      log(`Uncaught ${tracebackOf(toRemoteError(error))}`);
      return;
    }
    await container.reportCrash(error).catch(() => undefined);
    crash(error, input ? `, left behind by call ${input.functionCallId}, which has its answer:` : "");
  };
  process.on("uncaughtException", (error) => void escaped(error));
  process.on("unhandledRejection", (reason) => void escaped(reason));
}

function crash(error: unknown, whose = ""): never {
  log(`Uncaught${whose} ${tracebackOf(toRemoteError(error))}`);
  process.exit(1);
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}
