import { AppError } from "@dorian/base/app-error";
import { issuePath } from "../schema/standard-schema.ts";
import { documentationAt } from "./documentation.ts";
import { unchecked, validateRequest, type CheckedInput } from "./validate-request.ts";
import type { WebApp, WebOptions } from "./web-options.ts";

/** A handler, whatever its schemas are. */
export type AnyWebHandler = (request: Request, input: CheckedInput) => unknown;

/** What a handler, or anything with `fetch`, answers to a request, with what its options say. */
export type AnswerRequest = (request: Request) => Promise<Response>;

/**
 * Makes one answerer of a handler and its options: documentation, the method, schemas, and then the handler itself.
 * `name` is the function's, for errors and documentation.
 *
 * @throws from the answerer what the handler throws; AppError WEB_ANSWER_NOT_A_RESPONSE, WEB_ANSWER_REFUSED
 */
export function answerWith(
  name: string,
  handler: AnyWebHandler | WebApp,
  options: WebOptions,
): AnswerRequest {
  const handle: AnyWebHandler = typeof handler === "function" ? handler : (request) => handler.fetch(request);
  const { method, query, body, response, docs } = options;
  const isChecked = query !== undefined || body !== undefined;
  return async (request) => {
    if (docs && request.method === "GET") {
      const page = documentationAt(new URL(request.url), name, options);
      if (page) return page;
    }
    if (method !== undefined && request.method !== method) {
      const text = `This address serves ${method}.\n`;
      return new Response(text, { status: 405, headers: { Allow: method } });
    }
    if (!isChecked) return await answerOf(name, handle(request, unchecked(request)), response);
    const checked = await validateRequest(request, options);
    if ("refusal" in checked) return checked.refusal;
    return await answerOf(name, handle(checked.request, checked.input), response);
  };
}

async function answerOf(name: string, answered: unknown, schema: WebOptions["response"]): Promise<Response> {
  const answer: unknown = await answered;
  if (answer instanceof Response) return answer;
  if (!schema) {
    throw new AppError("WEB_ANSWER_NOT_A_RESPONSE", `${name} returned ${kindOf(answer)}, not a Response.`, {
      status: "INTERNAL",
      remedy: "Return `new Response(…)` or `Response.json(…)`, or give the option `response` a schema.",
    });
  }
  const result = await schema["~standard"].validate(answer);
  if (!result.issues) return asJson(name, result.value);
  const [first] = result.issues;
  const where = first && issuePath(first);
  throw refused(
    `What ${name} returned does not pass its schema${where ? ` at ${where}` : ""}: ${first?.message ?? ""}`,
  );
}

/** @throws AppError WEB_ANSWER_REFUSED */
function asJson(name: string, value: unknown): Response {
  try {
    return Response.json(value);
  } catch (cause) {
    // Such as undefined, a BigInt or a circle.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refused(`What ${name} returned, ${kindOf(value)}, cannot be sent as JSON: ${why}`, cause);
  }
}

function refused(message: string, cause?: unknown): AppError {
  return new AppError("WEB_ANSWER_REFUSED", message, {
    status: "INTERNAL",
    remedy: "Correct the value, or the option `response`.",
    cause,
  });
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object"
    ? `an object of ${value.constructor?.name ?? "no class"}`
    : `a ${typeof value}`;
}
