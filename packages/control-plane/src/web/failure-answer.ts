import { AppError } from "@dorian/base/app-error";
import { GenericResult_GenericStatus as Status, type GenericResult } from "@dorian/protocol/modal";
import type { PlainAnswer } from "./plain-answer.ts";

export const notServed: PlainAnswer = { status: 404, text: "No running app serves this address." };

export const notAuthorized: PlainAnswer = {
  status: 401,
  text: "This address wants a proxy token in the headers Modal-Key and Modal-Secret.",
};

export const redirectLost: PlainAnswer = {
  status: 404,
  text: "There is no answer to wait for here: it was fetched already, or nobody asked for it in time.",
};

/** What to tell a client whose call ended without a response. What went wrong is the app's own business: its log has it. */
export function answerToResult(result: GenericResult): PlainAnswer {
  switch (result.status) {
    case Status.TIMEOUT:
      return { status: 504, text: "The function took longer than its timeout allows." };
    case Status.TERMINATED:
      return { status: 503, text: "The request was cancelled.", headers: { "Retry-After": "1" } };
    case Status.SUCCESS:
      return { status: 500, text: "The app ended without a response." };
    default:
      return { status: 500, text: "The function failed. The app's log has the cause." };
  }
}

/** Why an answer that was begun has no end, for the app's log. */
export function cutBecause({ status, exception }: GenericResult): string {
  const why =
    status === Status.SUCCESS
      ? "its app returned before it"
      : exception.slice(0, 300).replace(/\.$/, "") || "its call ended";
  return `An answer of this web function has no end: ${why}. The client's connection was closed, which tells it so.`;
}

/** What to tell a client whose request could not be made a call; undefined for what nobody foresaw. */
export function answerToError(error: unknown): PlainAnswer | undefined {
  if (!AppError.is(error)) return undefined;
  switch (error.code) {
    case "APP_STOPPED":
    case "FUNCTION_NOT_FOUND":
      return notServed;
    case "FUNCTION_QUEUE_FULL":
      return { status: 503, text: "Too many requests wait already.", headers: { "Retry-After": "1" } };
    case "WEB_REQUEST_TIMEOUT":
      return { status: 408, text: error.message, headers: { Connection: "close" } };
    case "WEB_ANSWER_INVALID":
      return {
        status: 502,
        text: "The app's answer cannot be sent: it is not HTTP. The app's log has the cause.",
      };
    case "CLASS_PARAMETERS_INVALID":
    case "WEB_PARAMETER_INVALID":
      return { status: 400, text: error.message };
    default:
      return undefined;
  }
}

export const unforeseen: PlainAnswer = {
  status: 500,
  text: "The server failed in a way it did not foresee. Its log has the cause.",
};
