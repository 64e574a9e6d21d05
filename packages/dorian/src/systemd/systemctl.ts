import { AppError, errnoOf } from "@dorian/base/app-error";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { unitName } from "./unit-file.ts";

const run = promisify(execFile);

/** @throws AppError SYSTEMD_MISSING */
export function requireSystemd(): void {
  if (existsSync("/run/systemd/system")) return;
  throw new AppError(
    "SYSTEMD_MISSING",
    "This machine is not run by systemd, and services here are systemd's.",
    {
      remedy:
        "Have what starts programs here run `dorian up` as root and start it again when it ends; it stops in order at SIGTERM, for which its --grace and six minutes are enough.",
    },
  );
}

/** @throws AppError ROOT_NEEDED */
export function requireRootForService(): void {
  if (process.getuid?.() === 0) return;
  throw new AppError("ROOT_NEEDED", "A service is the machine's, and only root sets it up.", {
    status: "PERMISSION_DENIED",
    remedy: "Run the same command with sudo.",
  });
}

/** @throws AppError SYSTEMCTL_FAILED with what it said */
export async function systemctl(...args: string[]): Promise<string> {
  try {
    return (await run("systemctl", args)).stdout;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() || errnoOf(error) || "it did not say why";
    throw new AppError("SYSTEMCTL_FAILED", `\`systemctl ${args.join(" ")}\` failed: ${said}`, {
      remedy: `\`systemctl status ${unitName}\` and \`dorian service logs\` tell more.`,
      cause: error,
    });
  }
}

export interface UnitState {
  /** "active", "activating", "inactive", "failed" … */
  active: string;
  /** Starts at boot. */
  enabled: boolean;
  pid: number | undefined;
  /** How often systemd has started it again by itself. */
  restarts: number;
}

export async function unitState(): Promise<UnitState> {
  const names = ["ActiveState", "UnitFileState", "MainPID", "NRestarts"];
  const text = await systemctl("show", unitName, `--property=${names.join(",")}`);
  const properties = new Map(text.split("\n").map((line) => line.split("=", 2) as [string, string]));
  const pid = Number(properties.get("MainPID"));
  return {
    active: properties.get("ActiveState") ?? "unknown",
    enabled: properties.get("UnitFileState") === "enabled",
    pid: pid > 0 ? pid : undefined,
    restarts: Number(properties.get("NRestarts") ?? 0),
  };
}

/** The last lines that Dorian itself has written, without systemd's about it. */
export async function lastLines(count: number): Promise<string> {
  const args = ["--identifier", "dorian", "--lines", String(count), "--no-pager", "--output", "cat"];
  return (await run("journalctl", args).catch(() => ({ stdout: "" }))).stdout.trim();
}

/** Shows the service's log as journalctl does, on this process's own streams. Returns its exit code. */
export async function showLog(args: string[], { signal }: { signal: AbortSignal }): Promise<number> {
  const child = spawn("journalctl", ["--unit", unitName, "--no-pager", ...args], {
    stdio: ["ignore", "inherit", "inherit"],
    signal,
    killSignal: "SIGTERM",
  });
  child.on("error", () => undefined);
  const [code] = (await once(child, "close")) as [number | null];
  return signal.aborted ? 0 : (code ?? 1);
}
