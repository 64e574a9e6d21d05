import { AppError } from "@dorian/base/app-error";

/** What was asked for; undefined where it fails with the code `missing`, and that is allowed. */
export async function unlessMissing<T>(
  asked: Promise<T>,
  missing: string,
  isAllowed: boolean | undefined,
): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isAllowed && AppError.is(error) && error.code === missing) return undefined;
    throw error;
  }
}
