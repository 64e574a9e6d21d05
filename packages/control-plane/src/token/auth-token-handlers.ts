import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { signClaims } from "./signed-claims.ts";

/** Clients fetch another when about half of this has passed. */
const validSecs = 20 * 60;

/** The official JavaScript client asks for this token before every other call. It proves nothing that the call's own credentials do not. */
export function createAuthTokenHandlers(options: {
  key: Buffer;
  now: () => number;
}): Required<Pick<ServiceHandlers<typeof ModalClient>, "authTokenGet">> {
  return {
    async authTokenGet() {
      const issued = Math.floor(options.now() / 1000);
      return { token: signClaims(options.key, { iat: issued, exp: issued + validSecs }) };
    },
  };
}
