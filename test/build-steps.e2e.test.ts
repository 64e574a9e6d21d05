import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { libc } from "@dorian/linux/libc";
import { Function as RemoteFunction } from "dorian";
import { pathWithGvisor } from "@dorian/testkit/gvisor";
import { runningServer } from "@dorian/testkit/running-server";
import { expect, test } from "vitest";

const run = promisify(execFile);

// A capability of a file, as `setcap cap_net_bind_service+ep` gives it. gVisor has none.
const setCapability = `perl -e '
  my ($file, $name) = ("/capable", "security.capability");
  my $value = pack("L5", 0x02000001, 1 << 10, 0, 0, 0);
  open(F, ">", $file); close(F);
  die "$!" if syscall(${process.arch === "arm64" ? 5 : 188}, $file, $name, $value, 20, 0) != 0;
'`.replaceAll("\n", " ");

const source = `
import { readFile, stat } from "node:fs/promises";
import { App, Image } from "dorian";

const image = Image.debianSlim().dockerfileCommands([
  "RUN cat /proc/self/uid_map > /uid-map; cat /proc/version > /kernel",
  "RUN touch /of-root /of-user && chown 1000:1000 /of-user && useradd -m somebody && chmod 4755 /of-user",
  ${JSON.stringify(`RUN ${setCapability} || test -f /capable`)},
  "USER somebody",
  "RUN id -un > ~/me",
  "USER root",
]);
export const app = new App("steps", { image });
export const look = app.function({ name: "look" }, async () => ({
  map: await readFile("/uid-map", "utf8"),
  kernel: await readFile("/kernel", "utf8"),
  me: await readFile("/home/somebody/me", "utf8"),
  owners: await Promise.all(["/of-root", "/of-user", "/etc/passwd", "/capable"].map(async (path) => (await stat(path)).uid)),
}));
`;

/** Reads the file that the step made, as it is on disk: in the layer of the step, which is kept, and in that of the image. */
async function capabilitiesIn(dataDirectory: string): Promise<string[]> {
  const { stdout } = await run("find", [join(dataDirectory, "layers"), "-name", "capable"]);
  const paths = stdout.trim().split("\n");
  return paths.map((path) => {
    const bytes = Buffer.alloc(64);
    const length = Number(libc.lgetxattr(path, "security.capability", bytes, bytes.length));
    return bytes.subarray(0, Math.max(0, length)).toString("hex");
  });
}

interface Seen {
  map: string;
  kernel: string;
  me: string;
  owners: number[];
}

async function seenIn(options: {
  args?: string[];
  path?: string;
}): Promise<Seen & { capabilities: string[] }> {
  await using server = await runningServer({
    apps: [source],
    args: options.args ?? [],
    ...(options.path !== undefined && { env: { PATH: options.path } }),
  });
  const seen = await RemoteFunction.fromName<() => Promise<Seen>>("steps", "look").remote();
  const capabilities = await capabilitiesIn(server.dataDirectory);
  return { ...seen, capabilities };
}

test("build steps have user ids of their own, and the image has the owners that they gave [B14]", async () => {
  const { map, me, owners, capabilities } = await seenIn({ args: ["--user-namespaces", "on"] });
  const [inside, outside, size] = map.trim().split(/\s+/).map(Number);
  expect([inside, size]).toEqual([0, 2 ** 24]);
  expect(outside).toBeGreaterThanOrEqual(0x4000_0000);
  expect(me).toBe("somebody\n");
  expect(owners).toEqual([0, 1000, 0, 0]);
  const capability = "0100000200040000000000000000000000000000";
  expect(capabilities).toEqual([capability, capability]);
});

test("with gVisor as the operator's runtime, build steps run under its kernel, too [B14]", async () => {
  const { kernel, me, owners } = await seenIn({ args: ["--runtime", "runsc"], path: await pathWithGvisor() });
  expect(kernel).toMatch(/^Linux version 4\.4\.0 /);
  expect(me).toBe("somebody\n");
  expect(owners).toEqual([0, 1000, 0, 0]);
});
