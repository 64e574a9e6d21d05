/** What the operator of this machine says about getting packages and images, and what the tests' own recorder is told. */
const kept = /^DORIAN_(APT_MIRROR|PYTHONS|REGISTRY_MIRRORS|EVIDENCE|TEST_LOG)$/;

/**
 * Takes out of an environment what its shell says of servers and tokens: a test is to find its own server, whatever that of
 * the person who runs it is.
 */
export function forgetShell(env: Record<string, string | undefined>): void {
  for (const name of Object.keys(env)) {
    if (/^(MODAL|DORIAN)_/.test(name) && !kept.test(name)) delete env[name];
  }
}
