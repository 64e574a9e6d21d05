import { AppError } from "@dorian/base/app-error";
import { untilAborted } from "@dorian/base/or-aborted";
import { must } from "@dorian/base/must";
import {
  SandboxCreateResponseSchema,
  SandboxCreateV2ResponseSchema,
  type ModalClient,
  type Sandbox as SandboxDefinition,
  type SandboxWaitRequest,
  type SecretSource,
} from "@dorian/protocol/modal";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency } from "../../database/idempotency.ts";
import { checkReferences, type References } from "../function/check-references.ts";
import { notPublished } from "../function/function-catalog.ts";
import type { FunctionRegistry } from "../function/function-registry.ts";
import type { Execs } from "../../dispatch/exec/execs.ts";
import { tokenIdOf } from "../../dispatch/exec/exec-caller.ts";
import { terminalOf } from "../../dispatch/exec/exec-terminal.ts";
import type { Sandbox } from "./sandbox.ts";
import { sessionOf, sessionOutput } from "./sandbox-session.ts";
import { sandboxCommand, sandboxFunction, sandboxLike } from "./sandbox-definition.ts";
import type { Sandboxes } from "./sandboxes.ts";

export interface SandboxHandlersOptions {
  sandboxes: Sandboxes;
  execs: Pick<Execs, "input">;
  apps: AppRegistry;
  references: References;
  functions: Pick<FunctionRegistry, "require">;
  idempotency: Idempotency;
}

/** What a call says of the sandbox that it wants, in both its forms. */
interface SandboxWanted {
  appId: string;
  definition?: SandboxDefinition | undefined;
  tags: readonly object[];
}

type Handlers = Required<
  Pick<
    ServiceHandlers<typeof ModalClient>,
    | "sandboxCreate"
    | "sandboxCreateV2"
    | "sandboxGetLogs"
    | "sandboxGetTaskId"
    | "sandboxGetTaskIdV2"
    | "sandboxStdinWrite"
    | "sandboxTerminate"
    | "sandboxTerminateV2"
    | "sandboxWait"
    | "sandboxWaitV2"
  >
>;

/** Serves as much of sandboxes as `modal shell` needs. */
export function sandboxHandlers(options: SandboxHandlersOptions): Handlers {
  const { sandboxes, execs, apps, references, idempotency } = options;

  const madeOf = (definition: SandboxDefinition, { hasTags }: { hasTags: boolean }) => {
    const own = sandboxFunction(definition, { hasTags });
    if (definition.functionId === "") return own;
    const record = options.functions.require(definition.functionId);
    const of = record.definition ?? record.pending;
    if (!of) throw notPublished(record);
    return sandboxLike(of, definition);
  };
  const start = (
    context: CallContext,
    { appId, definition, tags }: SandboxWanted,
    env: Record<string, string>,
  ) => {
    apps.requireOpen(appId);
    if (!definition) throw incomplete();
    const functionDefinition = madeOf(definition, { hasTags: tags.length > 0 });
    checkReferences(functionDefinition, references);
    const { config } = references.images.require(functionDefinition.imageId);
    const { terminal: size, env: terminalEnv } = terminalOf(definition.ptyInfo);
    return sandboxes.start({
      appId,
      tokenId: tokenIdOf(context),
      definition: functionDefinition,
      run: {
        command: sandboxCommand(config, definition.entrypointArgs),
        env: { ...env, ...definition.environmentVariables?.contents },
        workdir: definition.workdir ?? "",
      },
      terminal: size && { size, env: terminalEnv },
    });
  };
  const idsOf = ({ sandboxId, appId, task }: Sandbox) => ({
    sandboxId,
    taskId: must(task, "the sandbox's container").taskId,
    metadata: { appId },
  });
  const taskId = async ({ sandboxId }: { sandboxId: string }) => {
    const { result, task } = sandboxes.require(sandboxId);
    if (result) return { taskResult: result };
    return task ? { taskId: task.taskId } : {};
  };
  const terminate = async ({ sandboxId }: { sandboxId: string }) => {
    const sandbox = sandboxes.require(sandboxId);
    if (sandbox.result) return { existingResult: sandbox.result };
    sandboxes.stop(sandbox, "terminated");
    return {};
  };
  const wait = (request: SandboxWaitRequest, context: CallContext) =>
    waitFor(sandboxes.require(request.sandboxId), request.timeout * 1000, context.signal);

  return {
    async sandboxCreate(request, context) {
      return await idempotency.once(
        context,
        { method: "SandboxCreate", schema: SandboxCreateResponseSchema },
        async () => ({ response: idsOf(start(context, request, {})) }),
      );
    },

    async sandboxCreateV2(request, context) {
      const env = envOf(request.secretSources, request.ephemeralSecrets?.contents ?? {}, references);
      return await idempotency.once(
        context,
        { method: "SandboxCreateV2", schema: SandboxCreateV2ResponseSchema },
        async () => ({ response: idsOf(start(context, request, env)) }),
      );
    },

    sandboxGetLogs: (request, context) => sessionOutput(sandboxes, request, context),

    async sandboxStdinWrite(request, context) {
      const exec = await sessionOf(sandboxes.require(request.sandboxId));
      await exec.whenRoomForInput(context);
      // What is sent again was lost on the way back, not on the way here.
      if (request.index <= exec.inputIndex) return {};
      exec.inputIndex = request.index;
      execs.input(exec, { stdin: request.input, end: request.eof });
      return {};
    },

    sandboxGetTaskId: taskId,
    sandboxGetTaskIdV2: taskId,
    sandboxTerminate: terminate,
    sandboxTerminateV2: terminate,
    sandboxWait: wait,
    sandboxWaitV2: wait,
  };
}

/** Secrets in the order in which they were given: a later one wins. */
function envOf(
  sources: readonly SecretSource[],
  ephemeral: Record<string, string>,
  { secrets }: References,
): Record<string, string> {
  const env = { ...ephemeral };
  for (const { source } of sources) {
    if (source.case === "secretId") Object.assign(env, secrets.env([source.value]));
    else Object.assign(env, source.value?.contents);
  }
  return env;
}

/** The longest time a timer can be set to. */
const longestTimerMs = 2 ** 31 - 1;

async function waitFor(sandbox: Sandbox, timeoutMs: number, signal: AbortSignal) {
  const metadata = { appId: sandbox.appId };
  if (!sandbox.result && timeoutMs > 0) {
    const tooLong = AbortSignal.timeout(Math.min(timeoutMs, longestTimerMs));
    await untilAborted(sandbox.over, AbortSignal.any([signal, tooLong]));
  }
  return sandbox.result ? { result: sandbox.result, metadata } : { result: {}, metadata };
}

function incomplete(): AppError {
  return new AppError("SANDBOX_DEFINITION_MISSING", "The call has no definition of the sandbox.", {
    status: "INVALID_ARGUMENT",
    remedy: "Update the client.",
  });
}
