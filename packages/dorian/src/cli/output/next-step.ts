import type { Config } from "../config/config.ts";

/** What to type after a server has started, in another terminal. */
export function nextStep(config: Pick<Config, "dataDirectory" | "dataDirectoryGiven">): string {
  const data = config.dataDirectoryGiven ? `DORIAN_DATA=${config.dataDirectory} ` : "";
  return `Next, in another terminal: ${data}dorian run app.ts`;
}
