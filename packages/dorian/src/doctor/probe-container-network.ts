import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { messageOf } from "@dorian/base/app-error";
import type { MachineFacts } from "./machine-facts.ts";

const patienceMs = 5_000;

/** Gone with the network that the programs run in. */
const script = `
"$1" link add probe-bridge type bridge
"$1" link add probe-a type veth peer name probe-b
"$2" "add table inet probe; add chain inet probe out { type nat hook postrouting priority srcnat; }; add rule inet probe out masquerade"
`;

/** Makes in a network of its own what the worker makes for containers. */
export async function probeContainerNetwork(programs: {
  ip: string;
  nft: string;
}): Promise<MachineFacts["containerNetwork"]> {
  try {
    const shell = ["--net", "--", "sh", "-ec", script, "sh", programs.ip, programs.nft];
    await promisify(execFile)("unshare", shell, { timeout: patienceMs });
    return { kind: "works" };
  } catch (error) {
    const [line = ""] = ((error as { stderr?: string }).stderr ?? "").split("\n");
    return { kind: "fails", reason: line === "" ? messageOf(error) : line };
  }
}
