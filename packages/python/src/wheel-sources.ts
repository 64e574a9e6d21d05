import { withoutEnding } from "@dorian/base/without-ending";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { PipSettings } from "@dorian/operator/pip-settings";

/** Where pip on the operator's machine would look for wheels. */
export interface WheelSources {
  /** Addresses of package indexes, without a slash at the end. */
  indexes: string[];
  /** Directories of this machine. */
  directories: string[];
  /** Addresses of pages with links. */
  pages: string[];
}

const publicIndex = "https://pypi.org/simple";

export function wheelSources({ options }: PipSettings): WheelSources {
  const noIndex = /^(?:1|y|yes|true|on|t)$/i.test(options.get("no-index") ?? "");
  const indexes = [options.get("index-url") ?? publicIndex, ...wordsOf(options.get("extra-index-url"))];
  const links = wordsOf(options.get("find-links"));
  const isPage = (link: string) => /^https?:\/\//.test(link);
  return {
    indexes: noIndex ? [] : indexes.map((index) => withoutEnding(index, "/")),
    directories: links.filter((link) => !isPage(link)).map(directoryOf),
    pages: links.filter(isPage),
  };
}

/** Seconds that pip waits for an answer. */
export function timeoutOf({ options }: PipSettings): number {
  const text = options.get("timeout") ?? options.get("default-timeout");
  return text !== undefined && Number(text) > 0 ? Number(text) : 15;
}

export function wordsOf(text: string | undefined): string[] {
  return (text ?? "").split(/[\s,]+/).filter((word) => word !== "");
}

function directoryOf(link: string): string {
  if (link.startsWith("file:")) return fileURLToPath(link);
  return resolve(link.replace(/^~(?=\/|$)/, homedir()));
}
