import type { PTYInfo } from "@dorian/protocol/modal";

/** The terminal that a client asks for, and what programs learn of it from their environment. */
export function terminalOf(pty: PTYInfo | undefined): {
  terminal?: { rows: number; columns: number };
  env: Record<string, string>;
} {
  if (!pty?.enabled) return { env: {} };
  const { winszRows, winszCols, envTerm, envColorterm, envTermProgram } = pty;
  const variables = { TERM: envTerm, COLORTERM: envColorterm, TERM_PROGRAM: envTermProgram };
  return {
    terminal: { rows: winszRows || 24, columns: winszCols || 80 },
    env: Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== "")),
  };
}
