import { AppError } from "@dorian/base/app-error";
import type { CallContext } from "@dorian/protocol/service";

/** The token on which a command runs. */
export function tokenIdOf({ identity }: CallContext): string {
  if (identity.kind === "client" || identity.kind === "command") return identity.tokenId;
  throw new AppError("CALLER_NOT_A_CLIENT", "Commands in containers are run with a client's token.", {
    status: "PERMISSION_DENIED",
    remedy: "Run the command from outside, with `dorian container exec`.",
  });
}
