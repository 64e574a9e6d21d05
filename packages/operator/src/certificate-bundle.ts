import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";

/** Environment variables by which programs are told of a file of trusted certificates. */
export const certificateVariables = [
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "PIP_CERT",
  "GIT_SSL_CAINFO",
  "NPM_CONFIG_CAFILE",
];

const systemBundles = [
  "etc/ssl/certs/ca-certificates.crt",
  "etc/pki/tls/certs/ca-bundle.crt",
  "etc/ssl/ca-bundle.pem",
];

/**
 * Certificates that build steps have to trust: this machine's, together with those the operator names. Undefined when
 * the operator names none and added none to the machine's own; images then trust what they come with.
 *
 * @throws AppError CERTIFICATES_UNREADABLE when a named file does not exist.
 */
export async function readCertificateBundle(options: {
  env: NodeJS.ProcessEnv;
  /** Files that other configuration names. */
  named: string[];
  root?: string;
}): Promise<string | undefined> {
  const root = options.root ?? "/";
  const fromEnv = [...certificateVariables, "npm_config_cafile"]
    .map((name) => options.env[name])
    .filter((path) => path !== undefined && path !== "");
  const named = [...new Set([...fromEnv, ...options.named])].filter((path) => path !== undefined);
  const added = (await unlessAbsent(readdir(join(root, "usr/local/share/ca-certificates")))) ?? [];
  if (named.length === 0 && added.length === 0) return undefined;
  const certificates = new Set<string>();
  for (const bundle of systemBundles) {
    const text = await unlessAbsent(readFile(join(root, bundle), "utf8"));
    for (const certificate of certificatesIn(text ?? "")) certificates.add(certificate);
  }
  for (const path of named) {
    for (const certificate of certificatesIn(await readNamed(path))) certificates.add(certificate);
  }
  return [...certificates].map((certificate) => `${certificate}\n`).join("");
}

async function readNamed(path: string): Promise<string> {
  const text = await unlessAbsent(readFile(path, "utf8"));
  if (text !== undefined) return text;
  throw new AppError("CERTIFICATES_UNREADABLE", `The certificate file ${path} does not exist.`, {
    remedy: `Correct or unset the variable that names it (${certificateVariables.slice(0, 5).join(", ")}, …).`,
  });
}

function certificatesIn(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
}
