import type { Message } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import type { ContainerTurn } from "../guest.ts";

/** Characters of a question's key, and of the id of its function: they are kept for as long as its inputs run. */
const mostCharacters = 200;

/**
 * Takes out of a container's turn what this version does not know. Returns the bytes that it came with, those included.
 *
 * @throws AppError INPUT_QUESTION_TOO_LONG
 */
export function trimTurn(turn: ContainerTurn): number {
  let bytes = takeUnknown(turn);
  for (const output of turn.outputs)
    bytes += takeUnknown(output) + output.inputId.length + output.item.byteLength;
  for (const question of turn.questions) {
    const { idempotencyKey, request } = question;
    bytes += takeUnknown(question) + checkedLength("key", idempotencyKey);
    if (request) bytes += takeUnknown(request) + checkedLength("function id", request.functionId);
  }
  return bytes;
}

function takeUnknown(message: Message): number {
  if (!message.$unknown) return 0;
  const bytes = message.$unknown.reduce((sum, { data }) => sum + data.byteLength, 0);
  delete message.$unknown;
  return bytes;
}

function checkedLength(what: string, { length }: string): number {
  if (length <= mostCharacters) return length;
  throw new AppError(
    "INPUT_QUESTION_TOO_LONG",
    `A container asks for inputs with a ${what} of ${length} characters, of ${mostCharacters} that it may have.`,
    { status: "INVALID_ARGUMENT", remedy: "Use a short one: it only has to be its own." },
  );
}
