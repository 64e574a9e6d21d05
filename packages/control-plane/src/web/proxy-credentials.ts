import type { IncomingHttpHeaders } from "node:http";

/** A proxy token as a request shows it, and where. */
export interface ProxyCredentials {
  tokenId: string;
  secret: string;
  /** Headers that are no business of the app. */
  headers: readonly string[];
}

/** `Modal-Key` and `Modal-Secret`, or both in `Authorization: Bearer <key>.<secret>`; undefined when there are none. */
export function proxyCredentials(headers: IncomingHttpHeaders): ProxyCredentials | undefined {
  const [key, secret] = [headers["modal-key"], headers["modal-secret"]];
  if (typeof key === "string" && typeof secret === "string") {
    return { tokenId: key, secret, headers: ["modal-key", "modal-secret"] };
  }
  const [, tokenId, bearerSecret] = /^Bearer (wk-[^.]+)\.(ws-.+)$/i.exec(headers.authorization ?? "") ?? [];
  if (tokenId === undefined || bearerSecret === undefined) return undefined;
  return { tokenId, secret: bearerSecret, headers: ["authorization"] };
}
