import { httpDisconnect } from "./asgi-message.ts";
import type { WebCall } from "./web-call.ts";

/** Where a redirected client says which call it comes back for. */
export const callParameter = "__modal_function_call_id";

/** Calls whose answer takes longer than clients wait for one: each was told to come back. */
export class ParkedCalls implements Disposable {
  #keepMs: number;
  #calls = new Map<string, { call: WebCall; functionId: string; expiry: NodeJS.Timeout }>();

  /** `keepMs`: how long an answer waits for somebody to come back for it. */
  constructor({ keepMs }: { keepMs: number }) {
    this.#keepMs = keepMs;
  }

  /** Keeps a call for whoever asks for it next. */
  park(call: WebCall, functionId: string): void {
    const expiry = setTimeout(() => {
      this.#calls.delete(call.callId);
      void abandon(call);
    }, this.#keepMs);
    this.#calls.set(call.callId, { call, functionId, expiry });
  }

  /** The call, which is parked no longer; undefined when none of the function's is parked under this id. */
  take(callId: string, functionId: string): WebCall | undefined {
    const parked = this.#calls.get(callId);
    if (parked?.functionId !== functionId) return undefined;
    this.#calls.delete(callId);
    clearTimeout(parked.expiry);
    return parked.call;
  }

  [Symbol.dispose](): void {
    for (const { expiry } of this.#calls.values()) clearTimeout(expiry);
    this.#calls.clear();
  }
}

async function abandon(call: WebCall): Promise<void> {
  void readToEnd(call);
  await call.leave(httpDisconnect);
}

/** An app must not wait for somebody to listen. */
export async function readToEnd(call: WebCall): Promise<void> {
  for await (const _message of call.answer());
}

/** The call that a request comes back for. */
export function callAskedFor(target: string): string | undefined {
  const question = target.indexOf("?");
  if (question < 0 || !target.includes(callParameter)) return undefined;
  return new URLSearchParams(target.slice(question + 1)).get(callParameter) ?? undefined;
}

/** Where to come back to. */
export function comeBackTo(target: string, callId: string): string {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  const query = new URLSearchParams(question < 0 ? "" : target.slice(question + 1));
  query.set(callParameter, callId);
  return `${path}?${query}`;
}
