import { ConnectionError, errorCode } from "./http2-error.ts";
import { maxHeaderListBytes } from "./limits.ts";

export type Headers = ReadonlyMap<string, string>;

/** What a field counts beside its letters (RFC 9113, section 6.5.2). */
const fieldOverheadBytes = 32;

/** Names in lower case, without what a line of HTTP/1 could end or split at. */
const fieldName = /^:?[!#$%&'*+.^_`|~0-9a-z-]+$/;
const fieldValue = /^[\t -~\x80-\xff]*$/;

/** What is said of one connection of HTTP/1, and of none of HTTP/2. */
const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** The fields of one header block, checked as they come in. */
export class HeaderList {
  readonly fields = new Map<string, string>();
  #bytes = 0;
  #fault: string | undefined;
  #plain = false;

  /** What is wrong with it, when it was decoded and yet is no header list that may be sent. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** @throws ConnectionError when the list grows too large. */
  add(name: string, value: string): void {
    this.#bytes += name.length + value.length + fieldOverheadBytes;
    if (this.#bytes > maxHeaderListBytes) {
      throw new ConnectionError(
        errorCode.enhanceYourCalm,
        `headers of more than ${maxHeaderListBytes} bytes are too many`,
      );
    }
    this.#fault ??= this.#faultOf(name, value);
    if (this.#fault !== undefined) return;
    const before = this.fields.get(name);
    // Clients send some of theirs twice: the same value says the same.
    if (before === value) return;
    this.fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }

  #faultOf(name: string, value: string): string | undefined {
    if (!fieldName.test(name)) return "a header has a name that is not allowed";
    if (!fieldValue.test(value)) return `the header ${name} has a value that is not allowed`;
    if (name.startsWith(":")) {
      if (this.#plain) return `${name} comes after ordinary headers`;
      return this.fields.has(name) ? `${name} is given twice` : undefined;
    }
    this.#plain = true;
    if (ofConnection.has(name)) return `the header ${name} is not for HTTP/2`;
    return name === "te" && value !== "trailers" ? "te is something else than trailers" : undefined;
  }
}

/** What is wrong with these as the headers of a request. */
export function requestFault({ fault, fields }: HeaderList): string | undefined {
  if (fault !== undefined) return fault;
  for (const name of fields.keys())
    if (name.startsWith(":") && !ofRequest.has(name)) return `a request has no ${name}`;
  for (const name of [":method", ":scheme", ":path"])
    if (!fields.get(name)) return `a request without ${name}`;
  return undefined;
}

const ofRequest: ReadonlySet<string> = new Set([":method", ":scheme", ":path", ":authority"]);

/** What is wrong with these as the headers of an answer. */
export function answerFault({ fault, fields }: HeaderList): string | undefined {
  if (fault !== undefined) return fault;
  for (const name of fields.keys())
    if (name.startsWith(":") && name !== ":status") return `an answer has no ${name}`;
  return /^\d{3}$/.test(fields.get(":status") ?? "") ? undefined : "an answer without a status";
}

/** What is wrong with these as trailers. */
export function trailerFault({ fault, fields }: HeaderList): string | undefined {
  if (fault !== undefined) return fault;
  for (const name of fields.keys()) if (name.startsWith(":")) return `trailers have no ${name}`;
  return undefined;
}
