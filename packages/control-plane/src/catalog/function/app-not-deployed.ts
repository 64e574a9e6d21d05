import { AppError } from "@dorian/base/app-error";

export function appNotDeployed(name: string): AppError {
  return new AppError("APP_NOT_FOUND", `No app named "${name}" is deployed.`, {
    status: "NOT_FOUND",
    remedy: "Deploy it with `dorian deploy`; `dorian app list` shows the apps there are.",
  });
}
