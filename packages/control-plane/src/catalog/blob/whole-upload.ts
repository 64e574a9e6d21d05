import { isOlder } from "@dorian/base/client-version";

/** From here on clients compute the sum of what they upload whatever their HTTP library does. */
const soundSince = "1.0.0";
/** From here on the library of older ones, aiohttp, takes the body past the code that computes it, and ignores where a part begins. */
const bypassSince = [3, 12] as const;

/** MD5 of nothing, in hex. */
const emptyMd5 = "d41d8cd98f00b204e9800998ecf8427e";

/** Whether a client can only upload in one piece. */
export function sendsWhole(clientVersion: string | undefined): boolean {
  return clientVersion !== undefined && clientVersion !== "" && isOlder(clientVersion, soundSince);
}

/** The sum that such a client will compare with its own: under a newer HTTP library that is the sum of nothing. */
export function sumExpectedBy(userAgent: string | undefined, md5: string): string {
  const [, major, minor] = /\baiohttp\/(\d+)\.(\d+)/.exec(userAgent ?? "") ?? [];
  if (major === undefined || minor === undefined) return md5;
  const difference = Number(major) - bypassSince[0] || Number(minor) - bypassSince[1];
  return difference < 0 ? md5 : emptyMd5;
}
