/**
 * Whose address a call comes from. Behind a proxy on this machine it is the one that the proxy saw: the last that it
 * added. A peer elsewhere is not believed: it could claim to be anybody.
 */
export function peerAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
): string | undefined {
  if (socketAddress === undefined) return undefined;
  const address = plain(socketAddress);
  if (!isLoopback(address) || forwardedFor === undefined) return address;
  const seen = forwardedFor.slice(forwardedFor.lastIndexOf(",") + 1).trim();
  // Only what has an address's form: it is counted, listed and written down.
  return /^[0-9A-Fa-f.:]{2,45}$/.test(seen) ? plain(seen) : address;
}

/** IPv4 peers of a listener for both families are told apart from others by a prefix. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "").toLowerCase();
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
