import { AppError } from "@dorian/base/app-error";
import { must } from "@dorian/base/must";
import type { ModalClient } from "@dorian/protocol/modal";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import { tokenIdOf } from "./exec-caller.ts";
import type { CommandTokens } from "../../access/token/command-token.ts";
import { taskNotFound } from "../task/task-handlers.ts";
import type { Tasks } from "../task/tasks.ts";

export interface CommandAccessOptions {
  tasks: Pick<Tasks, "get">;
  tokens: CommandTokens;
  /** The container of a sandbox. */
  taskOfSandbox: (sandboxId: string) => string;
  /** The server speaks TLS where it speaks plain text. */
  speaksTls: boolean;
}

type Handlers = Required<
  Pick<ServiceHandlers<typeof ModalClient>, "taskGetCommandRouterAccess" | "sandboxGetCommandRouterAccess">
>;

/** Hosts for which the official client takes an address without TLS. */
const localHosts: readonly string[] = ["localhost", "127.0.0.1", "[::1]", "172.21.0.1"];

/** Says where commands for a container are to be sent, with a token for that container alone. */
export function commandAccessHandlers({
  tasks,
  tokens,
  taskOfSandbox,
  speaksTls,
}: CommandAccessOptions): Handlers {
  const access = (taskId: string, context: CallContext) => {
    if (!tasks.get(taskId)) throw taskNotFound(taskId);
    return {
      url: commandUrl(context, { speaksTls }),
      jwt: tokens.mint({ taskId, tokenId: tokenIdOf(context) }),
    };
  };
  return {
    async taskGetCommandRouterAccess({ taskId }, context) {
      return access(taskId, context);
    },

    async sandboxGetCommandRouterAccess({ target }, context) {
      return access(
        target.case === "sandboxId" ? taskOfSandbox(target.value) : (target.value ?? ""),
        context,
      );
    },
  };
}

/**
 * The address at which the client has reached this server, where commands are served as well, by the scheme that the client takes.
 *
 * @throws AppError EXEC_NEEDS_TLS
 */
export function commandUrl(
  { calledUrl, isLibmodal }: Pick<CallContext, "calledUrl" | "isLibmodal">,
  { speaksTls }: { speaksTls: boolean },
): string {
  const called = must(calledUrl, "the address that was called");
  // As the client wrote it: other spellings of the same address are not the same to it.
  const [, scheme, host = "", port = "80"] = /^(https?):\/\/(\[.*\]|[^:]*)(?::(\d+))?$/.exec(called) ?? [];
  if (scheme === "https") return called;
  const isLocal = localHosts.includes(host);
  // The clients for JavaScript and Go want https from everybody, and then speak plain text with this machine.
  if (isLocal && !isLibmodal) return called;
  if (isLocal || speaksTls) return `https://${host}:${port}`;
  throw new AppError(
    "EXEC_NEEDS_TLS",
    `This client runs commands in containers over https only, unless its server is at localhost; it reached this one at ${called}.`,
    {
      // In quotes, since it is meant for users of either language: their own client's command is what fails.
      remedy: `Start the server with --tls, use "dorian container exec", or forward the port (ssh -L ${port}:localhost:${port} …) and set MODAL_SERVER_URL=http://localhost:${port}.`,
    },
  );
}
