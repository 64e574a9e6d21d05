import type { AnswerRequest } from "./answer-request.ts";

/** Where a web function leads. */
export interface WebFunctionTarget {
  name: string;
  /** Its address, once its app runs. */
  url: () => Promise<string>;
  answer: AnswerRequest;
}

/**
 * A function that serves the web at an address of its own.
 *
 * @example
 * const app = new App("greeter");
 * const hello = app.web({ name: "hello" }, () => new Response("hello"));
 * const response = await hello.local(new Request("http://localhost/"));
 * console.log(await response.text());
 */
export class WebFunction {
  /** What it is called in its app. */
  readonly name: string;
  #target: WebFunctionTarget;

  /** @internal */
  constructor(target: WebFunctionTarget) {
    this.name = target.name;
    this.#target = target;
  }

  /** The address at which it is reached, such as `http://127.0.0.1:7100`. @throws AppError APP_NOT_RUNNING */
  url(): Promise<string> {
    return this.#target.url();
  }

  /** Answers a request here, in this process, with all that its options ask for but proxy tokens. */
  local(request: Request): Promise<Response> {
    return this.#target.answer(request);
  }
}
