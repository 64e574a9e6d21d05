import { orAborted } from "@dorian/base/or-aborted";
import { answerWith, type AnswerRequest, type AnyWebHandler } from "./answer-request.ts";
import type { LocalServer } from "./local-server.ts";
import type { WebMark } from "./web-options.ts";

export type { AnswerRequest, AnyWebHandler };

/** A function or method that serves the web, ready to be run. */
export interface WebProgram {
  /** To be called before the first request, by everybody who has one: it is started once. Resolves when it can answer. */
  start(options: { signal: AbortSignal }): Promise<void>;
  answer: AnswerRequest;
}

/** What serves the web by a mark: `code` is the handler, or what starts the server. */
export function webProgram(name: string, mark: WebMark, code: AnyWebHandler): WebProgram {
  if (mark.kind === "handler") {
    return { start: async () => undefined, answer: answerWith(name, code, mark) };
  }
  let run: Promise<unknown> | undefined;
  let server: LocalServer | undefined;
  return {
    async start(options) {
      run ??= (async () => (code as unknown as (port: number) => unknown)(mark.port))();
      await orAborted(run, options.signal);
      const { awaitPort } = await import("./await-port.ts");
      server ??= await awaitPort(mark.port, options);
    },
    async answer(request) {
      // Few programs need it, and it takes Node's HTTP with it.
      const { forwardRequest } = await import("./forward-request.ts");
      return await forwardRequest(server ?? { host: "127.0.0.1", port: mark.port }, request);
    },
  };
}
