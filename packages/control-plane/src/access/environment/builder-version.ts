import { AppError } from "@dorian/base/app-error";
import { isOlder } from "@dorian/base/client-version";

/** Builder versions with the first client that knows each, oldest first. */
const knownSince = [
  ["2023.12", "0"],
  ["2024.04", "0.60"],
  ["2024.10", "0.66"],
  ["2025.06", "1.1"],
] as const;

/** The rules by which a client turns an image into Dockerfile lines: the newest that it knows. */
export function builderVersionFor(clientVersion: string | undefined): string {
  const known = knownSince.filter(([, since]) => !isOlder(clientVersion, since));
  return known.at(-1)?.[0] ?? knownSince[0][0];
}

/** What an environment prescribes, as far as the client knows it. */
export function prescribedBuilderVersion(
  prescribed: string | undefined,
  clientVersion: string | undefined,
): string {
  const since = knownSince.find(([version]) => version === prescribed)?.[1];
  const isKnown = since !== undefined && !isOlder(clientVersion, since);
  return prescribed !== undefined && isKnown ? prescribed : builderVersionFor(clientVersion);
}

/** @throws AppError IMAGE_BUILDER_VERSION_UNKNOWN */
export function checkBuilderVersion(version: string): void {
  if (knownSince.some(([known]) => known === version)) return;
  throw new AppError("IMAGE_BUILDER_VERSION_UNKNOWN", `"${version}" is not a version of the image builder.`, {
    status: "INVALID_ARGUMENT",
    remedy: `Use one of ${knownSince.map(([known]) => known).join(", ")}.`,
  });
}
