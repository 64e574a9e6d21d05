import { AppError } from "@dorian/base/app-error";

/** What a request is for. */
export interface RequestTarget {
  path: string;
  query: URLSearchParams;
}

/** Longer ones are no address of ours: the longest are those of files with a path of 4 KiB, escaped. */
const maxTargetBytes = 16 * 1024;

/**
 * The target of a request for an address that this server itself gives out: a path of plain segments and a query that
 * says each thing once. Whatever could be read in two ways is refused, so that every filter before and after sees the same.
 *
 * @throws AppError REQUEST_TARGET_INVALID
 */
export function parseRequestTarget(target: string | undefined): RequestTarget {
  if (target === undefined || target.length > maxTargetBytes) throw invalid("It is too long.");
  // Proxies send whole addresses; whose host they name makes no difference.
  const local = target.replace(/^https?:\/\/[^/?#]*/i, "");
  const question = local.indexOf("?");
  const path = question < 0 ? local : local.slice(0, question);
  if (!/^(?:\/[\w.~-]+)+$|^\/(?:[\w.~-]+\/)*$/.test(path)) throw invalid("Its path is not a plain one.");
  if (/\/\.{1,2}(?:\/|$)/.test(path)) throw invalid('Its path leads through "." or "..".');
  const text = question < 0 ? "" : local.slice(question + 1);
  if (!/^[\x21-\x7e]*$/.test(text) || text.includes("#"))
    throw invalid("Its query holds what must be escaped.");
  if (!isDecodable(text)) throw invalid("Its query holds escapes that mean nothing.");
  // It drops a question mark at the beginning, of which there is one already.
  const query = new URLSearchParams(`?${text}`);
  if (new Set(query.keys()).size !== query.size) throw invalid("Its query says one thing twice.");
  return { path, query };
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function invalid(why: string): AppError {
  return new AppError(
    "REQUEST_TARGET_INVALID",
    `The address of the request is not one of this server's. ${why}`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Use addresses as this server gave them out, unchanged.",
    },
  );
}
