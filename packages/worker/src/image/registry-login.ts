import { AppError } from "@dorian/base/app-error";
import { RegistryAuthType } from "@dorian/protocol/modal";
import type { RegistryCredentials } from "@dorian/operator/registry-settings";
import { ecrCredentials } from "@dorian/oci/ecr-credentials";
import type { RegistryTransport } from "@dorian/oci/registry-transport";

/** How an image's author logs in to its registry: a secret's variables, and how to read them. */
export interface RegistryLogin {
  kind: RegistryAuthType;
  env: Record<string, string>;
}

/**
 * User name and password for a registry. Undefined when the author gave none, and the operator's own count.
 *
 * @throws AppError REGISTRY_SECRET_INCOMPLETE naming the variables that the secret lacks
 */
export async function credentialsOf(
  login: RegistryLogin,
  options: { registry: string; transport: RegistryTransport; signal: AbortSignal },
): Promise<RegistryCredentials | undefined> {
  const { kind, env } = login;
  const need = (name: string) => required(env, name);
  switch (kind) {
    case RegistryAuthType.STATIC_CREDS:
      return { username: need("REGISTRY_USERNAME"), password: need("REGISTRY_PASSWORD") };
    case RegistryAuthType.GCP:
      return { username: "_json_key", password: need("SERVICE_ACCOUNT_JSON") };
    case RegistryAuthType.AWS:
      if (env["AWS_ACCESS_KEY_ID"] === undefined && env["AWS_ROLE_ARN"] !== undefined) throw noRoles();
      return ecrCredentials(
        {
          accessKeyId: need("AWS_ACCESS_KEY_ID"),
          secretAccessKey: need("AWS_SECRET_ACCESS_KEY"),
          sessionToken: env["AWS_SESSION_TOKEN"],
          region: env["AWS_REGION"] ?? regionIn(options.registry) ?? need("AWS_REGION"),
        },
        options,
      );
    default: {
      // Before there was a kind, the secrets of a step served for its registry, too.
      const { REGISTRY_USERNAME: username, REGISTRY_PASSWORD: password } = env;
      return username !== undefined && password !== undefined ? { username, password } : undefined;
    }
  }
}

/** Whether a login may come to anything: where there is no kind, any secret of the step may be one. */
export function mayLogIn({ kind, env }: RegistryLogin): boolean {
  const { UNSPECIFIED, PUBLIC } = RegistryAuthType;
  return (kind !== UNSPECIFIED && kind !== PUBLIC) || env["REGISTRY_USERNAME"] !== undefined;
}

function regionIn(registry: string): string | undefined {
  return /^\d+\.dkr\.ecr\.([a-z0-9-]+)\./.exec(registry)?.[1];
}

function required(env: Record<string, string>, name: string): string {
  const value = env[name];
  if (value !== undefined) return value;
  throw new AppError("REGISTRY_SECRET_INCOMPLETE", `The secret for the registry has no ${name}.`, {
    status: "INVALID_ARGUMENT",
    remedy: `It has ${Object.keys(env).toSorted().join(", ") || "no variables"}. Add ${name} to it.`,
  });
}

function noRoles(): AppError {
  return new AppError(
    "REGISTRY_SECRET_INCOMPLETE",
    "The secret for the registry names a role to assume; Dorian issues no identity tokens for that.",
    {
      status: "INVALID_ARGUMENT",
      remedy: "Give AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION of a user who may pull.",
    },
  );
}
