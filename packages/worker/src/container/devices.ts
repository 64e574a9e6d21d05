import { unlessAbsent } from "@dorian/base/unless-absent";
import { statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf } from "@dorian/base/app-error";
import { parse } from "yaml";
import { addDeviceNode, applyCdiEdits, cdiEditsOf, type CdiSpec, type DeviceNumbers } from "./cdi.ts";
import type { OciConfig } from "./runc/oci-config.ts";

/** `config` with the devices: CDI names, described in files of `directories`, and paths of device nodes. */
export async function addDevices(
  config: OciConfig,
  devices: string[],
  directories: string[],
): Promise<OciConfig> {
  const paths = devices.filter((device) => device.startsWith("/"));
  const names = devices.filter((device) => !device.startsWith("/"));
  const withPaths = paths.reduce(
    (result, path) => addDeviceNode(result, { path, fileMode: 0o666 }, deviceNumbers),
    config,
  );
  if (names.length === 0) return withPaths;
  const specs = await readCdiSpecs(directories);
  // What a file asks for as a whole is applied once, even for two of its devices.
  const edits = [...new Set(names.flatMap((name) => cdiEditsOf(name, specs)))];
  return applyCdiEdits(withPaths, edits, deviceNumbers);
}

/** Every CDI specification (JSON or YAML) in `directories`; later directories take precedence. */
async function readCdiSpecs(directories: string[]): Promise<CdiSpec[]> {
  const specs: CdiSpec[] = [];
  for (const directory of directories.toReversed()) {
    for (const name of await filesIn(directory)) {
      if (/\.(json|ya?ml)$/.test(name)) specs.push(await readSpec(join(directory, name)));
    }
  }
  return specs;
}

async function readSpec(path: string): Promise<CdiSpec> {
  try {
    // JSON is YAML.
    return parse(await readFile(path, "utf8")) as CdiSpec;
  } catch (cause) {
    throw new AppError("DEVICE_SPEC_INVALID", `${path} cannot be read: ${messageOf(cause)}`, {
      remedy: "Generate it again, or move it away if no container needs its devices.",
      cause,
    });
  }
}

async function filesIn(directory: string): Promise<string[]> {
  return ((await unlessAbsent(readdir(directory))) ?? []).toSorted();
}

function deviceNumbers(path: string): DeviceNumbers {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isCharacterDevice() && !stats?.isBlockDevice()) {
    throw new AppError("DEVICE_NOT_FOUND", `There is no device at ${path}.`, {
      status: "NOT_FOUND",
      remedy: "Load the driver of the device, or generate its CDI file again.",
    });
  }
  const { rdev } = stats;
  return {
    type: stats.isCharacterDevice() ? "c" : "b",
    major: (rdev >>> 8) & 0xfff,
    minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00),
  };
}
