/** A server in the same container. */
export interface LocalServer {
  host: string;
  port: number;
}

/** What the head of a request or an answer may have on the way to such a server and back: as much as on the way here. */
export const maxHeaderBytes = 64 * 1024;
