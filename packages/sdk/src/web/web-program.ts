import { answerWith, type AnswerRequest, type AnyWebHandler } from "./answer-request.ts";
import { awaitPort } from "./await-port.ts";
import { forwardRequest, type LocalServer } from "./forward-request.ts";
import type { WebMark } from "./web-options.ts";

export type { AnswerRequest, AnyWebHandler };

/** A function or method that serves the web, ready to be run. */
export interface WebProgram {
  /** To be called once, before the first request. Resolves when it can answer. */
  start(options: { signal: AbortSignal }): Promise<void>;
  answer: AnswerRequest;
}

/** What serves the web by a mark: `code` is the handler, or what starts the server. */
export function webProgram(name: string, mark: WebMark, code: AnyWebHandler): WebProgram {
  if (mark.kind === "handler") {
    return { start: async () => undefined, answer: answerWith(name, code, mark) };
  }
  let server: LocalServer | undefined;
  return {
    async start(options) {
      await (code as unknown as () => unknown)();
      server = await awaitPort(mark.port, options);
    },
    answer: async (request) =>
      await forwardRequest(server ?? { host: "127.0.0.1", port: mark.port }, request),
  };
}
