import { dorian } from "./run-command.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Deploys an app from its source, as a user does. Fails with what the command said. */
export async function deployApp(dataDirectory: string, source: string): Promise<void> {
  await using project = await temporaryDirectory({ "app.ts": source });
  const result = await dorian(dataDirectory, ["deploy", "app.ts"], { cwd: project.path });
  if (result.code !== 0)
    throw new Error(`dorian deploy failed (${result.code}):\n${result.stdout}\n${result.stderr}`);
}
