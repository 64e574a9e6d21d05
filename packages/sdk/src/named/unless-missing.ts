import { AppError } from "@dorian/base/app-error";

/** What was asked for; undefined where the server has nothing of that name and that is allowed. */
export async function unlessMissing<T>(
  asked: Promise<T>,
  isAllowed: boolean | undefined,
): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isAllowed && AppError.is(error) && error.status === "NOT_FOUND") return undefined;
    throw error;
  }
}
