import { isIPv4 } from "node:net";
import { AppError } from "@dorian/base/app-error";
import { isAddressRange } from "./machine-address.ts";

/** What the operator says about the places that builds and containers reach. */
export interface NetworkBorder {
  /** Hosts ("registry.lan"), hosts with a port ("127.0.0.1:5000") and address ranges that builds may fetch from, wherever they are. */
  fetchFrom: readonly string[];
  /** Address ranges that neither builds nor containers reach. */
  blockedNetworks: readonly string[];
}

/** The border where the operator says nothing. */
export const defaultBorder: NetworkBorder = { fetchFrom: [], blockedNetworks: [] };

/** A host by its name or address, as in a URL, with an optional port. */
const placePattern = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/**
 * From DORIAN_FETCH_FROM and DORIAN_BLOCKED_NETWORKS, whose parts are parted by commas.
 *
 * @throws AppError FETCH_FROM_INVALID, BLOCKED_NETWORKS_INVALID
 */
export function readNetworkBorder(env: NodeJS.ProcessEnv): NetworkBorder {
  const fetchFrom = partsOf(env["DORIAN_FETCH_FROM"]);
  for (const place of fetchFrom) {
    if (isAddressRange(place) || placePattern.test(place)) continue;
    throw new AppError("FETCH_FROM_INVALID", `DORIAN_FETCH_FROM holds "${place}".`, {
      status: "INVALID_ARGUMENT",
      remedy: "Name hosts, hosts with a port, or address ranges: 127.0.0.1:5000,registry.lan,10.0.0.0/8.",
    });
  }
  const blockedNetworks = partsOf(env["DORIAN_BLOCKED_NETWORKS"]);
  for (const range of blockedNetworks) {
    if (isAddressRange(range)) continue;
    throw new AppError("BLOCKED_NETWORKS_INVALID", `DORIAN_BLOCKED_NETWORKS holds "${range}".`, {
      status: "INVALID_ARGUMENT",
      remedy: "Name address ranges, parted by commas: 10.0.0.0/8,192.168.0.0/16.",
    });
  }
  return { fetchFrom, blockedNetworks };
}

/** The ranges among them that containers, which speak IPv4 alone, have to be kept from. */
export function ipv4Networks(ranges: readonly string[]): string[] {
  return ranges.filter((range) => isIPv4(range.split("/")[0] ?? ""));
}

function partsOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== "");
}
