/** What an image says about the processes that run in it. */
export interface ImageConfiguration {
  env: Record<string, string>;
  /** Empty: not set. */
  workdir: string;
  user: string;
  shell: string[];
  entrypoint: string[];
  cmd: string[];
}

/** Where programs are looked for in an image that does not say. */
export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function emptyConfiguration(): ImageConfiguration {
  return { env: {}, workdir: "", user: "", shell: [], entrypoint: [], cmd: [] };
}

/** A copy that shares nothing with the original. */
export function configurationFrom(config: ImageConfiguration | undefined): ImageConfiguration {
  if (config === undefined) return emptyConfiguration();
  const { env, workdir, user, shell, entrypoint, cmd } = config;
  return { env: { ...env }, workdir, user, shell: [...shell], entrypoint: [...entrypoint], cmd: [...cmd] };
}
