import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { certificateVariables } from "@dorian/operator/certificate-bundle";

/** Where containers see what is shared with them of the operator's files. */
export const operatorDirectory = "/run/dorian/operator";
/** What their certificates are in, there. */
export const certificatesFile = "certificates.crt";

/**
 * Writes the certificates that containers are to trust below `directory`, which they see as `operatorDirectory`. Returns the variables
 * by which programs find them: Python's and Node's among them, which do not look where an image keeps its own.
 */
export async function shareCertificates(
  certificates: string | undefined,
  directory: string,
): Promise<Record<string, string>> {
  if (certificates === undefined) return {};
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await writeFile(join(directory, certificatesFile), certificates, { mode: 0o644 });
  return Object.fromEntries(
    certificateVariables.map((name) => [name, `${operatorDirectory}/${certificatesFile}`]),
  );
}
