const names = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];

/** The proxies that an environment names, in both spellings: tools differ in which one they read. */
export function proxyEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name of names) {
    const value = env[name] ?? env[name.toUpperCase()];
    if (!value) continue;
    out[name] = value;
    out[name.toUpperCase()] = value;
  }
  return out;
}
