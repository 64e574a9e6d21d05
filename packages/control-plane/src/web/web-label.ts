import { hash } from "node:crypto";
import { withoutEnding } from "@dorian/base/without-ending";

export interface LabelParts {
  /** What the environment adds; empty for the default one. */
  environmentSuffix: string;
  appName: string;
  /** "page", or "Model.page" for a method. */
  tag: string;
  /** Chosen by the user in place of app and tag; may be empty. */
  requested: string;
  /** True for a run that ends with its client. */
  ephemeral: boolean;
  /** In place of "dev"; may be empty. */
  ephemeralSuffix: string;
}

/** Letters that a part of a host name may have. */
const maxLength = 63;
const digestLength = 6;

/** The name of a web function's address: good as a part of a host name, and the same for the same function always. */
export function webLabel(parts: LabelParts): string {
  const own = parts.requested === "" ? `${parts.appName}-${parts.tag}` : parts.requested;
  const words = [parts.environmentSuffix, own, parts.ephemeral ? parts.ephemeralSuffix || "dev" : ""];
  const label = words.map(hostNamePart).filter(Boolean).join("-") || "web";
  return shortened(label, JSON.stringify(words));
}

/** Another label for who comes second. */
export function nextLabel(label: string, attempt: number): string {
  const suffix = `-${attempt}`;
  return `${withoutEnding(label.slice(0, maxLength - suffix.length), "-")}${suffix}`;
}

function hostNamePart(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

function shortened(label: string, source: string): string {
  if (label.length <= maxLength) return label;
  const digest = hash("sha256", source, "hex").slice(0, digestLength);
  return `${withoutEnding(label.slice(0, maxLength - digestLength - 1), "-")}-${digest}`;
}
