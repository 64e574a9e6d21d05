import { withoutEnding } from "@dorian/base/without-ending";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { unlessAbsent } from "@dorian/base/unless-absent";

/** One archive of a distribution's own packages, as apt describes it. */
export interface AptSource {
  uris: string[];
  suites: string[];
  components: string[];
  /** Keyring file that the archive is signed with. */
  signedBy?: string;
  trusted?: boolean;
}

/** The operator's archives, for the release that their machine runs. */
export interface AptArchives {
  /** `ID` of /etc/os-release, such as "debian". */
  distribution: string;
  codename: string;
  sources: AptSource[];
}

const releaseAliases = ["stable", "oldstable", "testing"];

/**
 * Where this machine gets its distribution's packages. Undefined when it has no such source. Third parties' archives
 * are left out: an image that wants one names it itself.
 */
export async function readAptArchives(root = "/"): Promise<AptArchives | undefined> {
  const release = parseOsRelease((await unlessAbsent(readFile(join(root, "etc/os-release"), "utf8"))) ?? "");
  const distribution = release["ID"];
  const codename = release["VERSION_CODENAME"];
  if (!distribution || !codename) return undefined;
  const folder = join(root, "etc/apt/sources.list.d");
  const names = (await unlessAbsent(readdir(folder))) ?? [];
  const files = [join(root, "etc/apt/sources.list"), ...names.toSorted().map((name) => join(folder, name))];
  const sources: AptSource[] = [];
  for (const file of files) {
    const text = await unlessAbsent(readFile(file, "utf8"));
    if (text !== undefined) sources.push(...parseAptSources(basename(file), text));
  }
  const own = sources.filter((source) => isOwnArchive(source, { distribution, codename }));
  return own.length === 0 ? undefined : { distribution, codename, sources: own };
}

/** Archives below one mirror address: `mirror`, and for security updates its sibling with "-security" appended. */
export function mirrorArchives(mirror: string): AptArchives {
  const base = withoutEnding(mirror, "/");
  const keyring = { signedBy: "/usr/share/keyrings/debian-archive-keyring.gpg" };
  return {
    distribution: "debian",
    codename: "stable",
    sources: [
      { uris: [base], suites: ["stable", "stable-updates"], components: ["main"], ...keyring },
      { uris: [`${base}-security`], suites: ["stable-security"], components: ["main"], ...keyring },
    ],
  };
}

/** Names the same archives for another release of the distribution. */
export function archivesFor(archives: AptArchives, codename: string): AptArchives {
  const rename = (suite: string) => {
    const release = [archives.codename, ...releaseAliases].find((name) => isSuiteOf(suite, name));
    return release === undefined ? suite : codename + suite.slice(release.length);
  };
  const sources = archives.sources.map((source) => ({ ...source, suites: source.suites.map(rename) }));
  return { ...archives, codename, sources };
}

/** Reads both forms of apt's source files; `fileName` tells which. */
export function parseAptSources(fileName: string, text: string): AptSource[] {
  if (fileName.endsWith(".sources")) return parseDeb822(text);
  return fileName.endsWith(".list") ? parseOneLine(text) : [];
}

/** Writes sources in the deb822 form, for a `.sources` file. */
export function renderDeb822(sources: AptSource[]): string {
  return sources
    .map((source) =>
      [
        "Types: deb",
        `URIs: ${source.uris.join(" ")}`,
        `Suites: ${source.suites.join(" ")}`,
        `Components: ${source.components.join(" ")}`,
        ...(source.signedBy ? [`Signed-By: ${source.signedBy}`] : []),
        ...(source.trusted ? ["Trusted: yes"] : []),
        "",
      ].join("\n"),
    )
    .join("\n");
}

/** Writes sources in the one-line form, for a `.list` file and for mmdebstrap. */
export function renderOneLine(sources: AptSource[]): string {
  return sources
    .flatMap((source) => {
      const marks = [
        ...(source.signedBy ? [`signed-by=${source.signedBy}`] : []),
        ...(source.trusted ? ["trusted=yes"] : []),
      ];
      const prefix = marks.length === 0 ? "deb" : `deb [${marks.join(" ")}]`;
      return source.uris.flatMap((uri) =>
        source.suites.map((suite) => `${prefix} ${uri} ${suite} ${source.components.join(" ")}`.trimEnd()),
      );
    })
    .map((line) => `${line}\n`)
    .join("");
}

/** `KEY=value` lines of an os-release file, without their quotes. */
export function parseOsRelease(text: string): Record<string, string> {
  const entries = text.matchAll(/^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(\S*))$/gm);
  return Object.fromEntries(
    [...entries].map(([, key, double, single, bare]) => [key, double ?? single ?? bare]),
  );
}

function isOwnArchive(source: AptSource, release: { distribution: string; codename: string }): boolean {
  const ofRelease = source.suites.some((suite) =>
    [release.codename, ...releaseAliases].some((name) => isSuiteOf(suite, name)),
  );
  const keyring = source.signedBy === undefined ? undefined : basename(source.signedBy);
  return (
    ofRelease && (keyring === undefined || keyring.startsWith(`${release.distribution}-archive-keyring`))
  );
}

function isSuiteOf(suite: string, release: string): boolean {
  return suite === release || suite.startsWith(`${release}-`) || suite.startsWith(`${release}/`);
}

function parseDeb822(text: string): AptSource[] {
  return text
    .split(/\n[ \t]*\n/)
    .map((paragraph) => {
      const lines = paragraph.split("\n").filter((line) => !line.startsWith("#"));
      // A continued value begins its further lines with a blank.
      const unfolded = lines.join("\n").replaceAll(/\n[ \t]+/g, " ");
      const fields = new Map<string, string>();
      for (const line of unfolded.split("\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
      }
      return fields;
    })
    .filter((fields) => words(fields.get("types")).includes("deb"))
    .filter((fields) => !["no", "false"].includes(fields.get("enabled")?.toLowerCase() ?? ""))
    .map((fields) =>
      source(words(fields.get("uris")), words(fields.get("suites")), words(fields.get("components")), {
        signedBy: fields.get("signed-by"),
        trusted: fields.get("trusted"),
      }),
    );
}

function parseOneLine(text: string): AptSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)([^#]*)/.exec(line);
    if (!match) return [];
    const [, marks = "", uri = "", suite = "", components = ""] = match;
    const options = new Map(
      words(marks).map((mark): [string, string] => {
        const [key = "", ...value] = mark.split("=");
        return [key.toLowerCase(), value.join("=")];
      }),
    );
    return [
      source([uri], [suite], words(components), {
        signedBy: options.get("signed-by"),
        trusted: options.get("trusted"),
      }),
    ];
  });
}

function source(
  uris: string[],
  suites: string[],
  components: string[],
  marks: { signedBy: string | undefined; trusted: string | undefined },
): AptSource {
  // An inline key or a fingerprint is no file; the archive then needs the keyrings that the image trusts.
  const signedBy = marks.signedBy?.startsWith("/") ? marks.signedBy.split(/[\s,]/)[0] : undefined;
  return {
    uris,
    suites,
    components,
    ...(signedBy === undefined ? {} : { signedBy }),
    ...(marks.trusted === "yes" ? { trusted: true } : {}),
  };
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}
