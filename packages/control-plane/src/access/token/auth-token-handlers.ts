import type { ModalClient } from "@dorian/protocol/modal";
import type { Identity, ServiceHandlers } from "@dorian/protocol/service";
import { signClaims } from "../keys/signed-claims.ts";

/** Clients fetch another when about half of this has passed. */
const validSecs = 20 * 60;

/**
 * The official JavaScript client asks for this token before every other call. It lets nobody in: the call's own
 * credentials do, and end. It names them all the same.
 */
export function authTokenHandlers(options: {
  key: Buffer;
  nowMs: () => number;
}): Required<Pick<ServiceHandlers<typeof ModalClient>, "authTokenGet">> {
  return {
    async authTokenGet(_request, { identity }) {
      const iat = Math.floor(options.nowMs() / 1000);
      const claims = { aud: "calls", sub: subjectOf(identity), iat, exp: iat + validSecs } as const;
      return { token: signClaims(options.key, claims) };
    },
  };
}

function subjectOf(identity: Identity): string {
  if (identity.kind === "client") return identity.tokenId;
  return identity.kind === "task" ? identity.taskId : identity.kind;
}
