import { AppError } from "@dorian/base/app-error";
import { notFoundWords } from "./not-found-words.ts";

export function functionNotFound(functionId: string): AppError {
  return new AppError("FUNCTION_NOT_FOUND", notFoundWords("Function", { id: functionId }), {
    status: "NOT_FOUND",
    remedy: "Its app may have been deployed anew or removed: look the function up again by its name.",
  });
}
