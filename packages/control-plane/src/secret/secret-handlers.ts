import { AppError } from "@dorian/base/app-error";
import {
  ObjectCreationType,
  SecretGetOrCreateResponseSchema,
  type ModalClient,
  type SecretGetOrCreateRequest,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency } from "../database/idempotency.ts";
import type { Environments } from "../environment/environments.ts";
import { checkObjectName } from "../environment/object-name.ts";
import { requireClient } from "../token/permissions.ts";
import type { Secret, SecretStore } from "./secret-store.ts";

const maxBytes = 64 * 1024;

export function createSecretHandlers(options: {
  secrets: SecretStore;
  apps: AppRegistry;
  environments: Environments;
  idempotency: Idempotency;
}) {
  const { secrets, apps, environments, idempotency } = options;
  return {
    async secretGetOrCreate(request, context) {
      const environment = environments.require(request.environmentName).name;
      const { deploymentName, objectCreationType: type } = request;
      if (type === ObjectCreationType.UNSPECIFIED) {
        const secret = secrets.named(environment, deploymentName);
        if (!secret) throw notFound(deploymentName);
        checkRequiredKeys(secret, request.requiredKeys);
        return responseOf(secret.secretId, deploymentName, secret.createdAt);
      }
      requireClient(context, "Creating secrets");
      checkEnv(request);
      const anonymous =
        type === ObjectCreationType.ANONYMOUS_OWNED_BY_APP || type === ObjectCreationType.EPHEMERAL;
      if (anonymous) {
        if (request.appId !== "") apps.requireOpen(request.appId);
      } else checkObjectName("a secret", deploymentName);
      return await idempotency.once(
        context,
        { method: "SecretGetOrCreate", schema: SecretGetOrCreateResponseSchema },
        async (trx) => {
          const known = anonymous
            ? undefined
            : await trx
                .selectFrom("secret")
                .select(["secret_id", "created_at"])
                .where("environment", "=", environment)
                .where("name", "=", deploymentName)
                .executeTakeFirst();
          if (known && type === ObjectCreationType.CREATE_IF_MISSING) {
            return { response: responseOf(known.secret_id, deploymentName, known.created_at) };
          }
          if (known && type === ObjectCreationType.CREATE_FAIL_IF_EXISTS) throw exists(deploymentName);
          const written = await secrets.write(trx, {
            environment,
            env: request.envDict,
            ...(anonymous ? {} : { name: deploymentName }),
            ...(request.appId === "" ? {} : { appId: request.appId }),
            ...(known ? { replaces: known.secret_id } : {}),
          });
          return {
            response: responseOf(written.secretId, deploymentName, written.createdAt),
            committed: written.committed,
          };
        },
      );
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function responseOf(secretId: string, name: string, createdAt: number) {
  return { secretId, metadata: { name, creationInfo: { createdAt: createdAt / 1000, createdBy: "client" } } };
}

function checkRequiredKeys(secret: Secret, required: readonly string[]): void {
  const missing = required.filter((key) => !secret.keys.includes(key));
  if (missing.length === 0) return;
  throw new AppError("SECRET_KEY_MISSING", `The secret "${secret.name}" has no ${missing.join(", ")}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Create it again with all the keys that the app asks for.",
  });
}

function checkEnv(request: SecretGetOrCreateRequest): void {
  const env = Object.entries(request.envDict);
  const bad = env.find(([key, value]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key) || value.includes("\0"));
  if (bad) {
    throw new AppError("SECRET_KEY_INVALID", `"${bad[0]}" cannot be an environment variable.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Use letters, digits and underscores for names, and values without NUL characters.",
    });
  }
  const size = env.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (size <= maxBytes) return;
  throw new AppError("SECRET_TOO_LARGE", `The secret holds ${size} bytes; ${maxBytes} are allowed.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Put large data into a volume.",
  });
}

function notFound(name: string): AppError {
  return new AppError("SECRET_NOT_FOUND", `There is no secret named "${name}".`, {
    status: "NOT_FOUND",
    remedy: "Create it first, or pass the values with Secret.fromDict.",
  });
}

function exists(name: string): AppError {
  return new AppError("SECRET_EXISTS", `There is a secret named "${name}" already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Overwrite it on purpose, or choose another name.",
  });
}
