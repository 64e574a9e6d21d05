import type { IncomingMessage } from "node:http";

/** Browsers and proxies send some thirty; each costs more than its bytes. */
const mostHeaders = 256;

/** Why a request is not handled at all, although it can be read; undefined when it is. */
export function refusalOf({ rawHeaders }: IncomingMessage): { status: number; text: string } | undefined {
  if (rawHeaders.length / 2 > mostHeaders) {
    return { status: 431, text: `A request has at most ${mostHeaders} headers here.` };
  }
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === "host") hosts++;
  }
  // Each reader would choose another one.
  return hosts > 1 ? { status: 400, text: "A request names one host." } : undefined;
}
