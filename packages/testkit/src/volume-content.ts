import { Volume } from "dorian";
import { dorian } from "./run-command.ts";

/** Paths of a volume's files, as the command line lists them. */
export async function filesIn(dataDirectory: string, volume: string): Promise<string[]> {
  const { code, stdout, stderr } = await dorian(dataDirectory, [
    "volume",
    "ls",
    volume,
    "--recursive",
    "--json",
  ]);
  if (code !== 0) throw new Error(`dorian volume ls failed (${code}):\n${stderr}`);
  const entries = JSON.parse(stdout) as { path: string; type: string }[];
  return entries.filter(({ type }) => type !== "directory").map(({ path }) => path);
}

/** The text of a volume's file, as this process's SDK reads it. */
export async function textIn(volume: string, path: string): Promise<string> {
  const files = await Volume.fromName(volume).files();
  return Buffer.from(await files.readFile(path)).toString();
}
