import { AppError } from "@dorian/base/app-error";
import {
  ObjectCreationType,
  SecretGetOrCreateResponseSchema,
  type ModalClient,
} from "@dorian/protocol/modal";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency } from "../../database/idempotency.ts";
import type { Environments } from "../../access/environment/environments.ts";
import { checkObjectName } from "../../access/object-name.ts";
import { requireClient } from "../../access/permission/permissions.ts";
import type { SecretStore } from "./secret-store.ts";
import type { Secret } from "./secret.ts";
import { notFoundWords } from "../../access/not-found-words.ts";
import { newestFirst } from "../named-object/newest-first.ts";

const maxBytes = 64 * 1024;

export function secretHandlers(options: {
  secrets: SecretStore;
  apps: AppRegistry;
  environments: Environments;
  idempotency: Idempotency;
}) {
  const { secrets, apps, environments, idempotency } = options;

  const metadataOf = (secret: Secret) => ({
    name: secret.name ?? "",
    creationInfo: { createdAt: secret.createdAtMs / 1000, createdBy: "client" },
    keys: secret.keys,
    environmentName: environments.nameOf(secret.scope),
    lastUsedAt: (secret.lastUsedAtMs ?? 0) / 1000,
  });

  return {
    async secretGetOrCreate(request, context) {
      const { scope } = environments.require(request.environmentName);
      const { deploymentName, objectCreationType: type } = request;
      if (type === ObjectCreationType.UNSPECIFIED) {
        const secret = secrets.named(scope, deploymentName);
        if (!secret) throw notFound(deploymentName);
        checkRequiredKeys(secret, request.requiredKeys);
        return { secretId: secret.secretId, metadata: metadataOf(secret) };
      }
      requireClient(context, "Creating secrets");
      checkEnv(request.envDict);
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
                .select("secret_id")
                .where("environment", "=", scope)
                .where("name", "=", deploymentName)
                .executeTakeFirst();
          if (known && type === ObjectCreationType.CREATE_IF_MISSING) {
            const metadata = metadataOf(secrets.require(known.secret_id));
            return { response: { secretId: known.secret_id, metadata } };
          }
          if (known && type === ObjectCreationType.CREATE_FAIL_IF_EXISTS) throw exists(deploymentName);
          const { secret, committed } = await secrets.write(trx, {
            scope,
            env: request.envDict,
            ...(anonymous ? {} : { name: deploymentName }),
            ...(request.appId === "" ? {} : { appId: request.appId }),
            ...(known ? { replaces: known.secret_id } : {}),
          });
          return { response: { secretId: secret.secretId, metadata: metadataOf(secret) }, committed };
        },
      );
    },

    async secretGetInfo(request) {
      return { metadata: metadataOf(secrets.require(request.secretId)) };
    },

    async secretList(request) {
      const { environmentName, page } = newestFirst(secrets.all(), environments, request);
      return {
        environmentName,
        items: page.map((secret) => ({
          label: secret.name,
          createdAt: secret.createdAtMs / 1000,
          lastUsedAt: (secret.lastUsedAtMs ?? 0) / 1000,
          environmentName,
          secretId: secret.secretId,
          metadata: metadataOf(secret),
        })),
      };
    },

    async secretUpdate(request, context) {
      const { secretId } = request;
      const known = secrets.require(secretId);
      return await idempotency.once(context, { method: "SecretUpdate", schema: EmptySchema }, async (trx) => {
        const env = secrets.merged(secretId, request.updates);
        checkEnv(env);
        const { committed } = await secrets.write(trx, {
          scope: known.scope,
          env,
          replaces: secretId,
          ...(known.name === undefined ? {} : { name: known.name }),
          ...(known.appId === undefined ? {} : { appId: known.appId }),
        });
        return { response: {}, committed };
      });
    },

    async secretDelete(request) {
      const { secretId } = secrets.require(request.secretId);
      await secrets.delete([secretId]);
      return {};
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function checkRequiredKeys(secret: Secret, required: readonly string[]): void {
  const missing = required.filter((key) => !secret.keys.includes(key));
  if (missing.length === 0) return;
  throw new AppError("SECRET_KEY_MISSING", `Secret is missing key(s): ${missing.join(", ")}.`, {
    status: "FAILED_PRECONDITION",
    remedy: `Create "${secret.name}" again with all the keys that the app asks for.`,
  });
}

function checkEnv(values: Record<string, string>): void {
  const env = Object.entries(values);
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
  return new AppError("SECRET_NOT_FOUND", notFoundWords("Secret", { name }), {
    status: "NOT_FOUND",
    remedy: `Create it with \`dorian secret create ${name} KEY=value\`, or pass the values with \`Secret.fromObject\`.`,
  });
}

function exists(name: string): AppError {
  return new AppError("SECRET_EXISTS", `There is a secret named "${name}" already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Overwrite it on purpose, or choose another name.",
  });
}
