import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pathToFileURL, fileURLToPath } from "node:url";
import { AppError } from "@dorian/base/app-error";
import { orAborted } from "@dorian/base/or-aborted";
import { SharedWork } from "@dorian/base/shared-work";
import { boundedText } from "@dorian/base/bounded-text";
import { Deadline } from "@dorian/base/deadline";
import { wallClockMs } from "@dorian/base/wall-clock";
import { FetchGuard } from "@dorian/operator/fetch-guard";
import type { OperatorSettings } from "@dorian/operator/operator-settings";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { chooseWheel, isExact, type WheelChoice, type WheelFor } from "./choose-wheel.ts";
import { HttpSource, withoutCredentials } from "./http-source.ts";
import { parseHtmlPage, parseJsonPage, type IndexFile } from "./index-page.ts";
import { parseRequirement, type Requirement } from "./requirement.ts";
import type { WheelName } from "./wheel-name.ts";
import { timeoutOf, wheelSources, wordsOf, type WheelSources } from "./wheel-sources.ts";

/** A wheel on this machine. */
export interface Wheel extends WheelName {
  path: string;
}

export interface WheelIndexOptions {
  settings: Pick<OperatorSettings, "pip" | "proxyEnv" | "certificates" | "networkBorder">;
  /** Where downloads are kept. */
  cacheDirectory: string;
}

const pageMedia =
  "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";
/** Pages of projects with a release each night have some ten MiB. */
const maxPageBytes = 64 * 1024 * 1024;
/** The largest wheels, with all that GPUs need, have 3 GiB. */
const maxWheelBytes = 16 * 1024 ** 3;
const keptPageMs = 60_000;
const keptWheelMs = 30 * 86_400_000;

/**
 * Gets wheels from where the operator's pip would: package indexes, pages of links, directories. Downloads are checked
 * against the index's digests and kept.
 */
export class WheelIndex implements Disposable {
  #sources: WheelSources;
  #cacheDirectory: string;
  #http: HttpSource;
  #closing = new AbortController();
  #pages = new Map<string, { freshness: Deadline; files: Promise<IndexFile[]> }>();
  #downloads = new SharedWork<string, string>();

  private constructor({ settings, cacheDirectory }: WheelIndexOptions) {
    const { pip, proxyEnv, certificates } = settings;
    const proxy = pip.options.get("proxy");
    this.#sources = wheelSources(pip);
    this.#cacheDirectory = cacheDirectory;
    this.#http = new HttpSource({
      proxyEnv: proxy ? { ...proxyEnv, http_proxy: proxy, https_proxy: proxy } : proxyEnv,
      certificates,
      logins: [...this.#sources.indexes, ...this.#sources.pages],
      trustedHosts: wordsOf(pip.options.get("trusted-host")),
      timeoutMs: timeoutOf(pip) * 1000,
      retries: Math.min(5, Number(pip.options.get("retries") ?? 3)),
      guard: new FetchGuard(settings.networkBorder, [...this.#sources.indexes, ...this.#sources.pages]),
    });
  }

  /** Forgets downloads that nobody wanted for a month. */
  static async open(options: WheelIndexOptions): Promise<WheelIndex> {
    const { cacheDirectory } = options;
    await mkdir(cacheDirectory, { recursive: true });
    for (const name of await readdir(cacheDirectory)) {
      const stats = await unlessAbsent(stat(join(cacheDirectory, name)));
      if (stats && wallClockMs() - stats.mtimeMs > keptWheelMs) {
        await rm(join(cacheDirectory, name), { force: true });
      }
    }
    return new WheelIndex(options);
  }

  /**
   * The newest wheel of a requirement, such as "synchronicity~=0.12.5", that fits.
   *
   * @throws AppError WHEEL_NOT_FOUND, WHEEL_DIGEST_MISMATCH, HTTP_SOURCE_UNREACHABLE, REQUIREMENT_INVALID
   */
  async fetch(
    wanted: string | Requirement,
    target: WheelFor,
    options: { signal: AbortSignal },
  ): Promise<Wheel> {
    const requirement = typeof wanted === "string" ? parseRequirement(wanted) : wanted;
    // What is read or fetched goes on for the others who wait for it.
    const { file, wheel } = await orAborted(this.#choose(requirement, target), options.signal);
    return { ...wheel, path: await orAborted(this.#download(file), options.signal) };
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new Error("The server stops."));
    this.#http[Symbol.dispose]();
  }

  /** Chooses a wheel from all sources: as with pip, none goes before another, and one that cannot be reached may not be needed. */
  async #choose(requirement: Requirement, target: WheelFor): Promise<WheelChoice> {
    const { indexes, pages, directories } = this.#sources;
    const files = (await Promise.all(directories.map((directory) => filesIn(directory)))).flat();
    const asked = this.#describe();
    const nearby = chooseWheel(files, requirement, target, asked);
    if (nearby.kind === "found" && isExact(requirement)) return nearby;
    const urls = [...indexes.map((index) => `${index}/${requirement.name}/`), ...pages];
    const answers = await Promise.allSettled(urls.map((url) => this.#page(url)));
    for (const answer of answers) if (answer.status === "fulfilled") files.push(...answer.value);
    const choice = chooseWheel(files, requirement, target, asked);
    if (choice.kind === "found") return choice;
    const failed = answers.find((answer) => answer.status === "rejected");
    throw failed ? failed.reason : choice.error;
  }

  #page(url: string): Promise<IndexFile[]> {
    const kept = this.#pages.get(url);
    if (kept && !kept.freshness.isOver) return kept.files;
    const files = this.#readPage(url);
    this.#pages.set(url, { freshness: new Deadline(keptPageMs), files });
    files.catch(() => this.#pages.delete(url));
    return files;
  }

  async #readPage(url: string): Promise<IndexFile[]> {
    const { signal } = this.#closing;
    if (url.startsWith("file:")) return await filesOfLocalPage(url);
    return await this.#http.get(url, { accept: pageMedia, signal }, async (answer) => {
      if (answer.status === 404) return [];
      if (answer.status !== 200) throw refused(url, answer.status);
      const what = `The page ${withoutCredentials(url)}`;
      const page = await boundedText(answer.body, { maxBytes: maxPageBytes, what });
      const isJson = /\bjson\b/.test(answer.contentType);
      const files = isJson ? parseJsonPage(page, answer.url) : parseHtmlPage(page, answer.url);
      // A page from elsewhere has no say over this machine's files.
      return files.filter((file) => /^https?:/.test(file.url));
    });
  }

  #download(file: IndexFile): Promise<string> {
    if (file.url.startsWith("file:")) return Promise.resolve(fileURLToPath(file.url));
    return this.#downloads.run(file.url, () => this.#keptOrDownloaded(file));
  }

  async #keptOrDownloaded(file: IndexFile): Promise<string> {
    if (file.sha256 === undefined) return await this.#fetch(file);
    const kept = this.#keptPath(file.sha256);
    const now = new Date();
    if ((await unlessAbsent(stat(kept))) === undefined) return await this.#fetch(file);
    await utimes(kept, now, now);
    return kept;
  }

  async #fetch(file: IndexFile): Promise<string> {
    const incoming = join(this.#cacheDirectory, `incoming-${randomUUID()}`);
    const { signal } = this.#closing;
    try {
      const sha256 = await this.#http.get(file.url, { signal }, async ({ status, body }) => {
        if (status !== 200) throw refused(file.url, status);
        const hash = createHash("sha256");
        let received = 0;
        const hashing = new Transform({
          transform(chunk: Buffer, _encoding, done) {
            received += chunk.length;
            if (received > maxWheelBytes) return done(tooLarge(file));
            hash.update(chunk);
            return done(undefined, chunk);
          },
        });
        await pipeline(body, hashing, createWriteStream(incoming), { signal });
        return hash.digest("hex");
      });
      if (file.sha256 !== undefined && file.sha256 !== sha256) throw otherDigest(file, sha256);
      await rename(incoming, this.#keptPath(sha256));
      return this.#keptPath(sha256);
    } finally {
      await rm(incoming, { force: true });
    }
  }

  #keptPath(sha256: string): string {
    return join(this.#cacheDirectory, `${sha256}.whl`);
  }

  #describe(): string {
    const { indexes, pages, directories } = this.#sources;
    const all = [...indexes.map(withoutCredentials), ...pages.map(withoutCredentials), ...directories];
    return all.length === 0 ? "any source (pip's settings name none)" : all.join(" or ");
  }
}

async function filesIn(directory: string): Promise<IndexFile[]> {
  const names = (await unlessAbsent(readdir(directory))) ?? [];
  return names.map((filename) => ({
    filename,
    url: pathToFileURL(join(directory, filename)).href,
    isYanked: false,
  }));
}

/** An index that is a directory of this machine: its folders hold a page each, or the files themselves. */
async function filesOfLocalPage(url: string): Promise<IndexFile[]> {
  const folder = fileURLToPath(url);
  const page = await unlessAbsent(readFile(join(folder, "index.html"), "utf8"));
  return page === undefined ? await filesIn(folder) : parseHtmlPage(page, url);
}

function refused(url: string, status: number): AppError {
  const place = withoutCredentials(url);
  const isDenied = status === 401 || status === 403;
  return new AppError("WHEEL_INDEX_REFUSED", `${place} answered with status ${status}.`, {
    remedy: isDenied
      ? "Give user name and password in the address (`PIP_INDEX_URL=https://user:password@host/simple`) where the server runs."
      : "Check the addresses in pip's settings where the server runs (PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS).",
  });
}

function tooLarge(file: IndexFile): AppError {
  return new AppError(
    "WHEEL_TOO_LARGE",
    `${file.filename} is larger than ${maxWheelBytes / 1024 ** 3} GiB, and was not read on.`,
    {
      status: "RESOURCE_EXHAUSTED",
      remedy: "Check the index in pip's settings where the server runs (PIP_INDEX_URL).",
    },
  );
}

function otherDigest(file: IndexFile, actual: string): AppError {
  return new AppError(
    "WHEEL_DIGEST_MISMATCH",
    `${file.filename} has the digest ${actual}, and not ${file.sha256} as its index says.`,
    {
      status: "DATA_LOSS",
      remedy: "The download was damaged or changed on the way. Try again, and check the mirror or proxy.",
    },
  );
}
