import type { RequestTarget } from "@dorian/protocol/http/request-target";
import type { IncomingMessage, ServerResponse } from "node:http";

export interface HttpRequest {
  incoming: IncomingMessage;
  response: ServerResponse;
  target: RequestTarget;
  /** What follows the route's prefix. */
  rest: string;
  /** Aborts when the client goes away. */
  signal: AbortSignal;
}

/** Serves one kind of address. Errors it throws become a status and a text. */
export interface HttpRoute {
  method: "GET" | "PUT" | "POST";
  /** Ends with a slash. */
  prefix: string;
  handle(request: HttpRequest): Promise<void>;
}
