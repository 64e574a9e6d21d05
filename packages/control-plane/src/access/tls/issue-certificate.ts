import { createPublicKey, generateKeyPairSync, hash, randomBytes, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { bits, integer, objectId, octets, sequence, set, tagged, text, time, yes } from "./der.ts";
import { addressBytes } from "@dorian/protocol/listener/address-bytes";

export interface CertificateAuthority {
  name: string;
  key: KeyObject;
}

export interface Validity {
  from: number;
  until: number;
}

/** A certificate that other certificates can be signed with, signed with its own key. In PEM. */
export function issueAuthority(authority: CertificateAuthority, validity: Validity): string {
  const publicKey = publicKeyOf(authority.key);
  return certificate(authority, authority.name, publicKey, validity, [
    extension(oid.basicConstraints, sequence(yes(), integer(Buffer.from([0]))), { critical: true }),
    extension(oid.keyUsage, bits(Buffer.from([keyUsage.signsCertificates]), { unused: 1 }), {
      critical: true,
    }),
    extension(oid.subjectKeyId, octets(keyIdOf(publicKey))),
  ]);
}

/** A certificate for a server that is reached under `names`, host names and addresses. In PEM. */
export function issueServerCertificate(
  authority: CertificateAuthority,
  options: { names: readonly string[]; key: KeyObject; validity: Validity },
): string {
  const { names, key, validity } = options;
  const issuerKeyId = keyIdOf(publicKeyOf(authority.key));
  const publicKey = publicKeyOf(key);
  return certificate(authority, "Dorian server", publicKey, validity, [
    extension(oid.basicConstraints, sequence(), { critical: true }),
    extension(oid.keyUsage, bits(Buffer.from([keyUsage.signs]), { unused: 7 }), { critical: true }),
    extension(oid.extendedKeyUsage, sequence(objectId(oid.serverAuthentication))),
    extension(oid.subjectKeyId, octets(keyIdOf(publicKey))),
    extension(oid.authorityKeyId, sequence(tagged(context(0), issuerKeyId))),
    extension(oid.subjectAltName, sequence(...names.map(altName))),
  ]);
}

/** A key on the curve that every TLS client knows. */
export function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

const oid = {
  commonName: "2.5.4.3",
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
} as const;

/** First bits of the bit string: digitalSignature; keyCertSign and cRLSign. */
const keyUsage = { signs: 0b1000_0000, signsCertificates: 0b0000_0110 } as const;

const version3 = Buffer.from([2]);
const context = (number: number) => 0x80 | number;
const constructedContext = (number: number) => 0xa0 | number;

function certificate(
  issuer: CertificateAuthority,
  subject: string,
  publicKey: Buffer,
  validity: Validity,
  extensions: Buffer[],
): string {
  const algorithm = sequence(objectId(oid.ecdsaWithSha256));
  const content = sequence(
    tagged(constructedContext(0), integer(version3)),
    integer(randomBytes(16)),
    algorithm,
    distinguishedName(issuer.name),
    sequence(time(validity.from), time(validity.until)),
    distinguishedName(subject),
    publicKey,
    tagged(constructedContext(3), sequence(...extensions)),
  );
  const signed = sequence(content, algorithm, bits(sign("sha256", content, issuer.key)));
  const lines = signed.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function distinguishedName(name: string): Buffer {
  return sequence(set(sequence(objectId(oid.commonName), text(name))));
}

function extension(id: string, value: Buffer, options: { critical?: boolean } = {}): Buffer {
  return sequence(objectId(id), ...(options.critical ? [yes()] : []), octets(value));
}

function altName(name: string): Buffer {
  return isIP(name) === 0
    ? tagged(context(2), Buffer.from(name, "latin1"))
    : tagged(context(7), addressBytes(name));
}

function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

function keyIdOf(publicKey: Buffer): Buffer {
  return hash("sha256", publicKey, "buffer").subarray(0, 20);
}
