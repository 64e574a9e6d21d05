import { AppError } from "@dorian/base/app-error";

/** A function as the server knows it. */
export interface HydratedFunction {
  functionId: string;
}

/**
 * The server's id of an app's function.
 *
 * @throws AppError APP_NOT_RUNNING
 */
export function functionIdOf(
  appName: string,
  tag: string,
  hydrated: ReadonlyMap<string, HydratedFunction>,
): string {
  const found = hydrated.get(tag);
  if (found) return found.functionId;
  throw new AppError(
    "APP_NOT_RUNNING",
    `"${tag.replace(/\.\*$/, "")}" of app "${appName}" was called, but the app does not run.`,
    {
      remedy: `Start it with \`dorian run\`, or deploy it and look it up by name: Function.fromName("${appName}", …).`,
    },
  );
}
