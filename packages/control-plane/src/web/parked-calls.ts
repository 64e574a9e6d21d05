import { httpDisconnect } from "./asgi-message.ts";
import type { PlainAnswer } from "./plain-answer.ts";
import { splitTarget } from "./scope.ts";
import type { WebCall } from "./web-call.ts";

/** Where a redirected client says which call it comes back for. */
const callParameter = "__modal_function_call_id";

interface Parked {
  call: WebCall;
  functionId: string;
  /** How many clients have come back and wait. */
  waiting: number;
  expiry: NodeJS.Timeout | undefined;
}

/** Calls whose answer takes longer than clients wait for one: each was told to come back. */
export class ParkedCalls implements Disposable {
  #keepMs: number;
  #calls = new Map<string, Parked>();

  /** `keepMs`: how long an answer waits for somebody to come back for it. */
  constructor({ keepMs }: { keepMs: number }) {
    this.#keepMs = keepMs;
  }

  /** Keeps a call for whoever comes back for it. */
  park(call: WebCall, functionId: string): void {
    const parked = { call, functionId, waiting: 0, expiry: undefined };
    this.#calls.set(call.callId, parked);
    this.#expire(parked);
  }

  /**
   * The call, once the app has begun to answer: it is parked no longer. "later" when that takes longer than
   * `timeoutMs`, or the client leaves; undefined when there is no such call of the function, or somebody else has it.
   */
  async claim(
    callId: string,
    functionId: string,
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<WebCall | "later" | undefined> {
    const parked = this.#calls.get(callId);
    if (parked?.functionId !== functionId) return undefined;
    clearTimeout(parked.expiry);
    parked.waiting++;
    const isBegun = await parked.call.begun(options);
    parked.waiting--;
    if (isBegun && !options.signal.aborted) return this.#calls.delete(callId) ? parked.call : undefined;
    if (parked.waiting === 0) this.#expire(parked);
    return "later";
  }

  [Symbol.dispose](): void {
    for (const { expiry } of this.#calls.values()) clearTimeout(expiry);
    this.#calls.clear();
  }

  #expire(parked: Parked): void {
    parked.expiry = setTimeout(() => {
      if (this.#calls.delete(parked.call.callId)) abandon(parked.call);
    }, this.#keepMs);
  }
}

function abandon(call: WebCall): void {
  void call.drain();
  call.leave(httpDisconnect);
}

/** The call that a request comes back for. */
export function callAskedFor(target: string): string | undefined {
  const question = target.indexOf("?");
  if (question < 0 || !target.includes(callParameter)) return undefined;
  return new URLSearchParams(target.slice(question + 1)).get(callParameter) ?? undefined;
}

/** Tells a client to come back to where it is, for the answer to what it asked. */
export function comeBack(target: string, callId: string): PlainAnswer {
  const { path, query: text } = splitTarget(target);
  const query = new URLSearchParams(text);
  query.set(callParameter, callId);
  return {
    status: 303,
    text: "The answer takes longer.",
    headers: { Location: `${onThisHost(path)}?${query}` },
  };
}

/** Two slashes at the beginning, of either kind, would name another host. */
function onThisHost(path: string): string {
  return path
    .replace(/^[/\\]+/, "/")
    .replaceAll(
      /[^\x21-\x7e]|[\\"<>^`{|}]/g,
      (each) => `%${each.charCodeAt(0).toString(16).padStart(2, "0")}`,
    );
}
