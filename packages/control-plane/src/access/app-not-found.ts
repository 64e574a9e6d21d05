import { AppError } from "@dorian/base/app-error";
import { notFoundWords } from "./not-found-words.ts";

export function appNotFound(appId: string): AppError {
  return new AppError("APP_NOT_FOUND", notFoundWords("App", { id: appId }), {
    status: "NOT_FOUND",
    remedy: "`dorian app list` shows the apps there are.",
  });
}
