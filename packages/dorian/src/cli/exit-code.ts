/** What a finished command tells the shell. Documented in docs/cli.md. */
export const exitCode = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** The user's own code failed in a container. */
  remote: 3,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
