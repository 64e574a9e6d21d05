import { AppError } from "@dorian/base/app-error";

export function appNotFound(appId: string): AppError {
  return new AppError("APP_NOT_FOUND", `There is no app ${appId}.`, {
    status: "NOT_FOUND",
    remedy: "`dorian app list` shows the apps.",
  });
}
