import { AppError } from "@dorian/base/app-error";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const nonceBytes = 12;
const tagBytes = 16;

/** Encrypts the environment of a secret; only the same secret id opens it again. AES-256-GCM: nonce, tag, text. */
export function sealSecret(key: Buffer, secretId: string, env: Record<string, string>): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(secretId));
  const text = Buffer.concat([cipher.update(JSON.stringify(env), "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
}

/** @throws AppError SECRET_UNREADABLE when the server's key is another one */
export function openSecret(key: Buffer, secretId: string, sealed: Uint8Array): Record<string, string> {
  const nonce = sealed.subarray(0, nonceBytes);
  const tag = sealed.subarray(nonceBytes, nonceBytes + tagBytes);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce)
      .setAAD(Buffer.from(secretId))
      .setAuthTag(tag);
    const text = Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]);
    return JSON.parse(text.toString("utf8")) as Record<string, string>;
  } catch (error) {
    throw new AppError(
      "SECRET_UNREADABLE",
      `The secret ${secretId} cannot be decrypted with this server's key.`,
      {
        remedy: "Restore the data directory's `server.key`, or create the secret again.",
        cause: error,
      },
    );
  }
}
